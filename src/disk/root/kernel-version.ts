import type { Warn } from '../../bytes/errors.ts'
import { pathText } from '../../bytes/text.ts'
import { type FileNode, type FileTree, resolve } from '../filesystem/tree.ts'

/**
 * Finds the kernel that drivers are built for: a directory in /lib/modules with a `build` link. DDKs up to 6.2 have several flavours, of
 * which `xen` is preferred and `kdump` comes last. Of several versions, the newest is used, with a warning.
 */
export function findKernelVersion(root: FileTree, warn: Warn): string | undefined {
  const modules = resolve(root, '/lib/modules')
  const all = modules?.type === 'dir' ? directories(root, modules) : []
  const built = all.filter(({ node }) => hasEntry(root, node, 'build')).map(({ name }) => name)
  if (built.length === 0) {
    const names = all.map(({ name }) => name).join(', ')
    warn(`no kernel headers: ${names ? `no directory of /lib/modules (${names}) has a "build" link` : '/lib/modules has no kernel'}`)
    return undefined
  }
  const best = bestFlavour(built).sort(compareVersions)
  const newest = best.at(-1)!
  if (best.length > 1) warn(`/lib/modules has headers for several kernels (${best.join(', ')}); the newest, ${newest}, is used`)
  return newest
}

function directories(root: FileTree, dir: FileNode): { name: string; node: FileNode }[] {
  const found: { name: string; node: FileNode }[] = []
  for (const entry of root.entries(dir)) {
    const node = entry.node()
    if (node.type === 'dir') found.push({ name: pathText(entry.name), node })
  }
  return found
}

function hasEntry(root: FileTree, dir: FileNode, name: string): boolean {
  for (const entry of root.entries(dir)) if (entry.name.toString('latin1') === name) return true
  return false
}

function bestFlavour(names: string[]): string[] {
  const xen = names.filter((name) => name.endsWith('xen'))
  if (xen.length > 0) return xen
  const others = names.filter((name) => !name.endsWith('kdump'))
  return others.length > 0 ? others : names
}

/** Compares runs of digits and letters as rpm does: numbers by value, and a number is newer than letters. */
function compareVersions(a: string, b: string): number {
  const parts = (text: string): string[] => text.match(/\d+|[a-z]+/gi) ?? []
  const left = parts(a)
  const right = parts(b)
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const order = compareParts(left[index]!, right[index]!)
    if (order !== 0) return order
  }
  return left.length - right.length
}

function compareParts(a: string, b: string): number {
  const numbers = [a, b].map((part) => /^\d/.test(part))
  if (numbers[0] !== numbers[1]) return numbers[0] ? 1 : -1
  if (numbers[0]) return Number(a) - Number(b)
  return a < b ? -1 : a > b ? 1 : 0
}
