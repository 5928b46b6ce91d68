import type { Engine, Image, OnLoadProgress } from './engine.ts'
import { BrokenImageError, EngineError } from './errors.ts'

/** An image in an archive. */
export interface ArchivedImage {
  /** Of the archive. */
  readonly path: string
  /** `name:tag` that it has in there. */
  readonly name: string
  /** `sha256:` and the digest of its configuration, by which it is known in most stores. */
  readonly configDigest: string
  /** The same of its manifest, by which it is known in Docker's containerd store. */
  readonly manifestDigest: string
}

/**
 * Loads an archive, and proves that its image is there, under its name, and can be used. Says so if another image had the name before.
 * An image that came with this load and is broken is removed, so that no later run takes it for a good one.
 * @throws EngineError
 */
export async function provide(
  engine: Engine,
  { path, name, configDigest, manifestDigest }: ArchivedImage,
  info: (sentence: string) => void,
  onProgress?: OnLoadProgress,
): Promise<Image> {
  const made = engine.store === 'containerd' ? manifestDigest : configDigest
  const before = await engine.find(name)
  const wasThere = before?.id === made || (await engine.find(made)) !== undefined
  await engine.load(path, onProgress)
  const image = await engine.find(name)
  if (!image) throw new EngineError(`${engine.command} loaded ${path}, but has no image ${name}`)
  if (image.id !== made) {
    throw new EngineError(
      `${name} is the image ${image.id} in ${engine.command} after the load, but ${made} was loaded; ` +
        'another job may have taken the name meanwhile: give the images of each job a name of their own',
    )
  }
  try {
    await engine.prove(made, info)
  } catch (error) {
    throw error instanceof BrokenImageError && !wasThere ? await removed(engine, made, error) : error
  }
  if (before && before.id !== made) info(`${name} was the name of the image ${before.id} before`)
  return image
}

/** Removes the image, and gives the error that tells of all that went wrong. */
async function removed(engine: Engine, image: string, { message }: BrokenImageError): Promise<EngineError> {
  const alsoFailed = await engine.remove(image).then(
    () => '',
    (failure: Error) => `; and ${failure.message}`,
  )
  return new EngineError(`${message}${alsoFailed}`)
}
