import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { run, sh } from '../../support/tools.ts'

/** What a root is made of: a path to its text or bytes, to `{ link }`, or to nothing for a directory. */
export type Contents = Readonly<Record<string, string | Buffer | { readonly link: string } | undefined>>

/** An ext filesystem of 4 MiB by mke2fs. */
export function makeExt(dir: string, contents: Contents, options: readonly string[] = ['-t', 'ext3']): Buffer {
  const root = join(dir, 'root')
  mkdirSync(root)
  for (const [path, content] of Object.entries(contents)) {
    const target = join(root, path)
    mkdirSync(content === undefined ? target : dirname(target), { recursive: true })
    if (content === undefined) continue
    if (typeof content === 'string' || Buffer.isBuffer(content)) writeFileSync(target, content)
    else symlinkSync(content.link, target)
  }
  const image = join(dir, 'image')
  run('mke2fs', ['-q', '-F', ...options, '-d', root, image, '4M'])
  const bytes = readFileSync(image)
  rmSync(root, { recursive: true })
  rmSync(image)
  return bytes
}

/** A disk of primary partitions, each of the given bytes, from sector 63 on, by sfdisk. */
export function makeDisk(dir: string, volumes: readonly Buffer[]): Buffer {
  const disk = join(dir, 'disk')
  const lines = volumes.map((volume, index) => `start=${63 + index * 10240},size=${Math.ceil(volume.length / 512)},type=83`)
  sh(`truncate -s ${(volumes.length + 1) * 5}M ${disk}`)
  run('sfdisk', ['-q', disk], { input: `label: dos\n${lines.join('\n')}\n` })
  const bytes = readFileSync(disk)
  for (const [index, volume] of volumes.entries()) volume.copy(bytes, (63 + index * 10240) * 512)
  return bytes
}

/** The first bytes of a program: class 1 and 2 are of 32 and 64 bits, machine 3 is the i386, 62 the x86-64. */
export function elf(wordSize: 1 | 2, machine: number): Buffer {
  const header = Buffer.alloc(64)
  header.write('\x7fELF', 'latin1')
  header.writeUInt8(wordSize, 4)
  header.writeUInt8(1, 5)
  header.writeUInt16LE(2, 16)
  header.writeUInt16LE(machine, 18)
  return header
}
