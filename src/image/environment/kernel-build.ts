import { readText } from '../../disk/filesystem/small-file.ts'
import type { FileTree } from '../../disk/filesystem/tree.ts'

/**
 * Linux generates these files during its build: since 2.6.33, before 2.6.33, and since 5.19. Not every package of headers contains them.
 */
const places = ['include/generated/compile.h', 'include/linux/compile.h', 'include/generated/utsversion.h']

/**
 * The output of `uname -v` for a kernel, e.g. `#1 SMP Tue Feb 24 15:38:05 UTC 2015`, from its headers. If they don't have it, the part that
 * all kernels have in common.
 */
export function kernelBuild(root: FileTree, kernelVersion: string): string {
  for (const place of places) {
    const text = readText(root, `/lib/modules/${kernelVersion}/build/${place}`)
    const [, version] = /^#define UTS_VERSION "([ -~]+)"$/m.exec(text ?? '') ?? []
    if (version) return version
  }
  return '#1 SMP'
}
