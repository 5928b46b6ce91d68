import type { Engine } from './engine.ts'

/**
 * Why an engine can't load layers with a compression, as the rest of a sentence that begins with who wants it; undefined if it can.
 * @param compression as in `layer-compression`
 */
export function cantLoad({ name, version, loadsZstd }: Engine, compression: string): string | undefined {
  if (compression !== 'zstd' || loadsZstd) return undefined
  return `${name} ${version} can't load layers that are compressed with zstd, which takes Docker 23 or later; choose gzip or none`
}
