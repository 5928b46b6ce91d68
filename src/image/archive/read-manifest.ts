import { compressionOf, isLayerType } from './frames.ts'
import type { Layer } from './layer.ts'
import { type Descriptor, type OciManifest, ociManifest } from './manifest.ts'

/** A layer as a manifest has it. */
export type LayerDescriptor = Pick<Layer, 'digest' | 'size' | 'mediaType'>

/** What a manifest says that this project wrote. */
export interface ReadManifest {
  readonly config: Descriptor
  /** Lowest first. */
  readonly layers: readonly LayerDescriptor[]
}

/** Larger than any configuration that `imageConfig` writes. */
const maxConfigSize = 1 << 20

/** Reads a manifest that comes from elsewhere. Returns undefined unless it is, byte for byte, one that this project writes. */
export function readManifest(bytes: Buffer): ReadManifest | undefined {
  try {
    const { config, layers } = JSON.parse(bytes.toString('utf8')) as OciManifest
    const { digest, size } = config
    const again = Buffer.from(JSON.stringify(ociManifest({ digest, size }, layers)))
    const isSound = again.equals(bytes) && size <= maxConfigSize && [config, ...layers].every(isBlob)
    return isSound && layers.length > 0 && layers.every(({ mediaType }) => isLayerType(mediaType)) ? { config, layers } : undefined
  } catch {
    // It isn't JSON, or lacks something.
    return undefined
  }
}

/** Compression of an image's layers, which is the same for all. */
export function compressionOfLayers([lowest]: readonly LayerDescriptor[]): ReturnType<typeof compressionOf> {
  return compressionOf(lowest?.mediaType ?? '')
}

function isBlob({ digest, size }: Descriptor): boolean {
  return typeof digest === 'string' && /^sha256:[0-9a-f]{64}$/.test(digest) && Number.isSafeInteger(size) && size > 0
}
