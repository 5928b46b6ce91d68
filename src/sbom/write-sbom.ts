import { join } from 'node:path'
import type { Engine, Image } from '../engine/engine.ts'
import { writeWhole } from '../host/new-file.ts'
import type { BomSubject } from './bom.ts'
import { listPackages } from './list-packages.ts'
import { packageList } from './rpm-package.ts'

/** What was written about an image's packages. */
export interface WrittenSbom {
  /** Path of the bill of materials. */
  readonly path: string
  /** Path of the plain list. */
  readonly list: string
  /** Number of packages. */
  readonly packages: number
}

/**
 * Lists the image's packages, and writes the bill of materials to `path` and a plain list into `folder`.
 * @throws UserError if they can't be listed; Error with one sentence if a file can't be written; in both cases there is no bill of materials
 */
export async function writeSbom(
  engine: Engine,
  image: Image,
  subject: Pick<BomSubject, 'identity' | 'isoSha256'>,
  path: string,
  folder: string,
): Promise<WrittenSbom> {
  const packages = await listPackages(engine, image)
  const list = join(folder, 'packages.txt')
  writeWhole(list, packageList(packages))
  // Loaded only when it is needed, because most steps aren't asked for a bill.
  const { bomText } = await import('./bom.ts')
  const created = image.labels['org.opencontainers.image.created']
  writeWhole(path, bomText({ ...subject, imageId: image.id, created }, packages))
  return { path, list, packages: packages.length }
}
