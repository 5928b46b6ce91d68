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
  if (before && before.id !== image.id) info(`${reference} was the name of the image ${before.id} before`)
  return image
}

async function proveOrRemove(engine: Engine, reference: string): Promise<Image> {
  try {
    return await engine.prove(reference)
  } catch (error) {
    if (!(error instanceof EngineError) || !(await engine.find(reference).catch(() => undefined))) throw error
    const alsoFailed = await engine.remove(reference).then(
      () => '',
      (failure: Error) => `; and ${failure.message}`,
    )
    throw new EngineError(`${error.message}${alsoFailed}`)
  }
}
