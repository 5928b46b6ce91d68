import type { Engine, Image, OnLoadProgress } from './engine.ts'
import { BrokenImageError, EngineError } from './errors.ts'
import { type HighestIds, neededRanges } from './id-ranges.ts'

/** An image in an archive. */
export interface ArchivedImage {
  /** Of the archive. */
  readonly path: string
  /** Its `name:tag` in the archive. */
  readonly name: string
  /** `sha256:` and the digest of its configuration, which is its ID in most stores. */
  readonly configDigest: string
  /** `sha256:` and the digest of its manifest, which is its ID in Docker's containerd store. */
  readonly manifestDigest: string
  /** Absent if they aren't known. */
  readonly highestIds?: HighestIds | undefined
}

/**
 * Loads an archive, and verifies that its image is there, has its name, and can be used. Reports if another image had the name before. A
 * broken image that came with this load is removed, so that no later run uses it.
 * @throws EngineError
 */
export async function provide(
  engine: Engine,
  { path, name, configDigest, manifestDigest, highestIds }: ArchivedImage,
  info: (sentence: string) => void,
  onProgress?: OnLoadProgress,
): Promise<Image> {
  const made = engine.store === 'containerd' ? manifestDigest : configDigest
  const before = await engine.find(name)
  const wasThere = before?.id === made || (await engine.find(made)) !== undefined
  await engine.load(path, onProgress).catch((error) => {
    throw error instanceof EngineError && error.kind === 'too-few-ids'
      ? new EngineError(`${error.message}; ${neededRanges(engine, highestIds)}`, error.kind)
      : error
  })
  const image = await engine.find(name)
  if (!image) throw new EngineError(`${engine.command} loaded ${path}, but has no image ${name}`)
  if (image.id !== made) {
    throw new EngineError(
      `${name} is the image ${image.id} in ${engine.command} after the load, but ${made} was loaded; ` +
        'another job may have taken the name meanwhile: give the images of each job a name of their own',
    )
  }
  try {
    const { cleared } = await engine.prove(image, info)
    await cleared
  } catch (error) {
    throw error instanceof BrokenImageError && !wasThere ? await removed(engine, made, error) : error
  }
  if (before && before.id !== made) info(`${name} was the name of the image ${before.id} before`)
  return image
}

/** Removes the image, and returns an error that describes everything that went wrong. */
async function removed(engine: Engine, image: string, { message }: BrokenImageError): Promise<EngineError> {
  const alsoFailed = await engine.remove(image).then(
    () => '',
    (failure: Error) => `; and ${failure.message}`,
  )
  return new EngineError(`${message}${alsoFailed}`, 'broken-image')
}
