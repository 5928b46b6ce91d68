import { shortLine } from '../bytes/text.ts'
import type { Finished } from '../programs/finished.ts'
import type { CallOptions, EngineCommand } from './command.ts'
import type { LayerImport, LayerStore } from './engine.ts'
import { EngineError } from './errors.ts'
import { failure, succeed } from './images.ts'

/** Labels the nameless images, so that they can be found and removed. */
const importLabel = 'io.github.xenserver-ddk-action.import'

/** Seconds that the engine may take for a piece of a layer, and for its end. */
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
  /** The time between the steps is ours: the layer may have to wait for its ISO. */
  const inTime = <T>(step: Promise<T>): Promise<T> => {
    const timer = setTimeout(() => {
      isLate = true
      void child.kill()
    }, importDeadline * 1000)
    return step.finally(() => clearTimeout(timer))
  }
  const end = async (): Promise<Finished> => {
    const finished = await inTime(child.end())
    return isLate ? { ...finished, lastWord: `it took nothing more for ${importDeadline / 60} minutes` } : finished
  }
  const failed = (finished: Finished) => failure(command.program, 'import the root filesystem', finished)
  return {
    async write(piece) {
      if (!(await inTime(child.write(piece)))) throw failed(await end())
    },
    async finish() {
      const finished = await end()
      if (finished.code !== 0) throw failed(finished)
      return importedLayer(command, finished.stdout.trim())
    },
    abort: child.kill,
  }
}

/** The digest of the only layer of an image. */
async function importedLayer(command: EngineCommand, image: string): Promise<string> {
  const args = ['image', 'inspect', '--format', '{{index .RootFS.Layers 0}}', '--', image]
  const wanted = 'tell the digest of the layer that it imported'
  const digest = (await succeed(command, args, wanted)).trim()
  if (!/^sha256:[0-9a-f]{64}$/.test(digest)) throw new EngineError(`${command.program} couldn't ${wanted}: it said ${shortLine(digest)}`)
  return digest
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
