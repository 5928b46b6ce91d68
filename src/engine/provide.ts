import type { Engine, Image, OnLoadProgress } from './engine.ts'
import { EngineError } from './errors.ts'

/**
 * Loads an archive, proves the image that has the name `reference` afterwards, and says so if another image had the name before.
 * An image that proves to be broken is removed, so that no later run takes it for a good one.
 * @throws EngineError
 */
export async function provide(
  engine: Engine,
  archive: string,
  reference: string,
  info: (sentence: string) => void,
  onProgress?: OnLoadProgress,
): Promise<Image> {
  const before = await engine.find(reference)
  await engine.load(archive, onProgress)
  const image = await proveOrRemove(engine, reference)
  if (before && before.id !== image.id) info(`${reference} was the image ${before.id} before; that one has lost the name`)
  return image
}

async function proveOrRemove(engine: Engine, reference: string): Promise<Image> {
  try {
    return await engine.prove(reference)
  } catch (error) {
    if (!(await engine.find(reference))) throw error
    const leftover = await engine.remove(reference).then(
      () => '',
      (again: Error) => `; and ${again.message}`,
    )
    throw new EngineError(`${(error as Error).message}${leftover}`)
  }
}
