import { pathText } from '../../bytes/text.ts'
import { readText } from '../filesystem/small-file.ts'
import { type FileTree, resolve } from '../filesystem/tree.ts'

/**
 * The distribution that a root filesystem is based on, for people: `CentOS Linux 7.2.1511, glibc 2.17`. Up to 7.0 a DDK has no file of its
 * distribution, and its C library tells most about it. Undefined if nothing is found.
 */
export function findUserland(root: FileTree): string | undefined {
  const glibc = findGlibc(root)
  const parts = [findCentos(root), glibc && `glibc ${glibc}`].filter((part) => part !== undefined)
  return parts.length === 0 ? undefined : parts.join(', ')
}

/** `CentOS Linux release 7.2.1511 (Core)` */
function findCentos(root: FileTree): string | undefined {
  const texts = ['/etc/centos-release', '/etc/redhat-release'].map((path) => readText(root, path) ?? '')
  const [, name, version] = texts.map((text) => /^(CentOS[\w ]*?) release ([\w.]{1,20})/m.exec(text)).find((found) => found) ?? []
  return name && `${name} ${version}`
}

/** From the name of its file, which is versioned up to glibc 2.33: `libc-2.17.so`. */
function findGlibc(root: FileTree): string | undefined {
  for (const path of ['/lib64', '/lib']) {
    const folder = resolve(root, path)
    if (folder?.type !== 'dir') continue
    for (const { name } of root.entries(folder)) {
      const version = /^libc-(\d[\d.]{0,9})\.so$/.exec(pathText(name))?.[1]
      if (version !== undefined) return version
    }
  }
  return undefined
}
