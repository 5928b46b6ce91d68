import { createArchive } from '../../src/image/archive/archive.ts'
import type { Compression } from '../../src/image/archive/frames.ts'
import { type Conversion, type DescribedLayer, finishImage } from '../../src/image/description.ts'
import { entry, tarOf } from './memory-tree.ts'

/** The SHA-256 of the ISO that a small image claims to be made of. */
export const isoSha256 = 'ab'.repeat(32)

/**
 * Writes the archive of an image of two layers, each with one file, as a conversion would.
 * @param lower content of the file in the lowest layer
 */
export async function makeSmallImage(
  path: string,
  names: readonly string[],
  compression: Compression = 'none',
  lower: string | Buffer = 'lower',
): Promise<Conversion> {
  const archive = createArchive(path)
  const layers: DescribedLayer[] = []
  for (const name of ['lower', 'upper']) {
    const layer = archive.addLayer({ compression })
    const tar = tarOf([entry(name, { content: name === 'lower' ? lower : name })])
    for (let at = 0; at < tar.length; at += 4 << 20) await layer.write(new Uint8Array(tar.subarray(at, at + (4 << 20))))
    layers.push({ ...(await layer.finish()), createdBy: name })
  }
  const identity = {
    product: 'XenServer DDK',
    version: '6.5.0',
    build: '90233c',
    kernelVersion: '3.10.0+2',
    architecture: 'x86_64' as const,
  }
  const found = { identity, place: 'partition 1', type: 'ext3', used: 5, created: 1_421_150_400 }
  const tar = { members: 2, contentSize: 10, size: 4096 }
  return finishImage(archive, { found, isoSha256, tar, layers, uname: 'ddk', defaults: { env: [], entrypoint: [] } }, names)
}
