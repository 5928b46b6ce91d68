import { createHash } from 'node:crypto'
import { sampleImage } from './sample-image.ts'

/**
 * Increase this when the same ISO and options give a different image than before, but the sample doesn't show it, e.g. after a fix to a
 * reader of disks. Changes that affect the sample change the recipe automatically. `__tests__/image/key/readers.test.ts` fails if what the
 * readers find changes and this doesn't.
 */
export const writerRevision = 2

let known: string | undefined

/**
 * Identifies how this version of the code makes images, in hexadecimal. It is the hash of images made from a small root filesystem, so it
 * depends on every template, every rule for layers, and every default of the configuration.
 */
export function recipe(): string {
  const images = () =>
    (['x86_64', 'i686'] as const).flatMap((architecture) => [sampleImage(architecture, true), sampleImage(architecture, false)])
  known ??= createHash('sha256')
    .update(JSON.stringify([writerRevision, ...images()]))
    .digest('hex')
    .slice(0, 12)
  return known
}
