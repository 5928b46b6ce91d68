import { DiskError } from '../bytes/errors.ts'
import { pathText } from '../bytes/text.ts'
import { type FileTree, walk } from './filesystem/tree.ts'

/** Deep enough for the packages of an ISO with sources. */
const depth = 3

/**
 * What an ISO without a DDK is, as the end of `it looks like …`: a release of XenServer has several ISOs. Undefined if it is none that is known.
 * The names are those that XenServer's own installer looks for.
 */
export function otherIso(tree: FileTree): string | undefined {
  const names = new Set<string>()
  try {
    // A name of plain ISO 9660 is in upper case.
    for (const { name } of tree.entries(tree.root)) names.add(pathText(name).toLowerCase())
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
  }
  if (names.has('install.img') || names.has('packages.main')) return "XenServer's installer"
  if (names.has('xs-repository') || names.has('xs-packages')) return 'a supplemental pack'
  if (names.has('update.xml')) return 'an update or a supplemental pack'
  for (const { path } of walk(tree, () => {}, depth)) if (/\.src\.rpm$/i.test(pathText(path))) return 'an ISO with sources'
  return undefined
}
