import type { Finished } from '../programs/finished.ts'
import type { CallOptions, EngineCommand } from './command.ts'
import type { LayerImport, LayerStore } from './engine.ts'
import { failure, succeed } from './images.ts'

/** Labels the nameless images, so that they can be found and removed. */
const importLabel = 'io.github.xenserver-ddk-action.import'

/** Seconds from the first byte of a layer until the engine has it. */
const importDeadline = 1800

/** For Docker's graph drivers. In the containerd store an import would compress the layer with gzip, which takes longer than a load. */
export function dockerLayerStore(command: EngineCommand): LayerStore {
  return {
    import: (mark) => startImport(command, mark),
    removeImports: (mark) => removeImports(command, mark),
  }
}

function startImport(command: EngineCommand, mark: string): LayerImport {
  const child = command.pour(['import', '--change', `LABEL ${importLabel}=${mark}`, '-'])
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    void child.kill()
  }, importDeadline * 1000)
  const end = async (): Promise<Finished> => {
    const finished = await child.end()
    clearTimeout(timer)
    return isLate ? { ...finished, lastWord: `it wasn't done after ${importDeadline / 60} minutes` } : finished
  }
  const failed = (finished: Finished) => failure(command.program, 'import the root filesystem', finished)
  return {
    async write(piece) {
      if (!(await child.write(piece))) throw failed(await end())
    },
    async finish() {
      const finished = await end()
      if (finished.code !== 0) throw failed(finished)
    },
    async abort() {
      clearTimeout(timer)
      await child.kill()
    },
  }
}

/** @throws EngineError if an image can't be removed */
export async function removeImports(command: EngineCommand, mark: string): Promise<void> {
  const options: CallOptions = { evenIfCancelled: true }
  const wanted = 'look for imported layers'
  const listed = await succeed(command, ['images', '--quiet', '--no-trunc', '--filter', `label=${importLabel}=${mark}`], wanted, options)
  for (const id of new Set(listed.split('\n').filter((line) => line !== ''))) {
    const removal: CallOptions = { ...options, deadline: 'change' }
    await succeed(command, ['image', 'rm', id], `remove the image ${id}, which held an imported layer`, removal)
  }
}
