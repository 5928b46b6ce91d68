import { readStart, readText } from '../filesystem/small-file.ts'
import type { FileTree } from '../filesystem/tree.ts'

export type Architecture = 'i686' | 'x86_64'

const programs = ['/bin/bash', '/bin/sh', '/usr/bin/gcc', '/usr/bin/make', '/usr/bin/env', '/bin/rpm', '/usr/bin/rpm', '/sbin/init']

/** The architecture in the ELF header of the first program that exists. */
export function elfArchitecture(root: FileTree): Architecture | undefined {
  for (const program of programs) {
    const header = readStart(root, program, 20)
    if (header?.length !== 20 || header.toString('latin1', 0, 4) !== '\x7fELF') continue
    // EI_CLASS 1 and 2 mean 32 and 64 bits; e_machine 3 is EM_386, 62 is EM_X86_64.
    const [wordSize, machine] = [header.readUInt8(4), header.readUInt16LE(18)]
    if (wordSize === 1 && machine === 3) return 'i686'
    if (wordSize === 2 && machine === 62) return 'x86_64'
  }
  return undefined
}

/** The architecture that rpm builds for, e.g. `i686-redhat-linux`. */
export function platformArchitecture(root: FileTree): Architecture | undefined {
  const platform = readText(root, '/etc/rpm/platform')?.trim() ?? ''
  if (/^(i[3-6]86|athlon)-/.test(platform)) return 'i686'
  return /^(x86_64|amd64|ia32e)-/.test(platform) ? 'x86_64' : undefined
}
