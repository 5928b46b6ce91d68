import type { Source } from '../../../bytes/source.ts'
import { type FileTree, resolve } from '../../filesystem/tree.ts'
import { hashValues, UnreadableDatabase } from './hash-file.ts'
import { hasName } from './package-header.ts'

/** rpm records each imported key as a package of this name, which has no files. */
export const keyPackage = 'gpg-pubkey'

const paths = ['/var/lib/rpm/Packages', '/usr/lib/sysimage/rpm/Packages']

/** More than any database: one of 1,000 packages has about 100 MB. */
const maxSize = 512 << 20

/**
 * How many packages RPM's database has, without keys. Undefined if there is no database, if it isn't the Berkeley DB of CentOS 5 to 7, or if it
 * is damaged. Of each package, only the first pages are read, so a database of 50 MB takes less than a tenth of a second.
 * @throws DiskError if the filesystem can't be read
 */
export function countPackages(root: FileTree): number | undefined {
  for (const path of paths) {
    const node = resolve(root, path)
    if (node?.type === 'file') return node.size <= maxSize ? countIn(node.content()) : undefined
  }
  return undefined
}

function countIn(database: Source): number | undefined {
  let count = 0
  try {
    for (const header of hashValues(database, isPackage)) if (!hasName(header, keyPackage)) count++
  } catch (error) {
    if (error instanceof UnreadableDatabase) return undefined
    throw error
  }
  return count === 0 ? undefined : count
}

/** Keys are the packages' numbers; under number 0 is the highest of these. */
function isPackage(key: Buffer): boolean {
  if (key.length !== 4) throw new UnreadableDatabase("a key isn't the number of a package")
  return key.readUInt32LE(0) !== 0
}
