import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32, inflateRawSync } from 'node:zlib'
import { makeFilesystem } from '../../fixtures/filesystem.ts'
import { sh } from '../../support/tools.ts'
import type { Range, Target } from '../seed.ts'

/** Damages the headers of a zip's files, its directory, the records at its end, and the deflated data. */
export const zip: Target = {
  name: 'zip',
  async seeds(dir) {
    makeSmallDisk(dir)
    sh(
      'echo hello > README; touch -d @1421841600 README disk; export TZ=UTC; zip -q -X deflated.zip README disk; zip -q -X -0 stored.zip README disk; zip -q -X - disk > streamed.zip',
      {
        cwd: dir,
      },
    )
    return ['deflated', 'stored', 'streamed'].map((name) => {
      const bytes = readFileSync(join(dir, `${name}.zip`))
      const directory = bytes.indexOf('PK\x01\x02')
      const local = bytes.lastIndexOf('PK\x03\x04')
      const data: Range = [local + 30, directory]
      const ranges: Range[] = [[0, 60], [local, local + 40], [directory, bytes.length], [bytes.length - 22, bytes.length], data]
      return { name, bytes, ranges, ...(name === 'deflated' && { repair: (mutant: Buffer) => repairLast(mutant, directory) }) }
    })
  },
}

/** Damages the headers of zstd's frames and blocks, and what is in them. */
export const zstd: Target = {
  name: 'zstd',
  async seeds(dir) {
    makeSmallDisk(dir)
    const script = `zstd -q --no-check disk -o plain; zstd -q disk -o checked
      { head -c 100000 disk | zstd -q; printf '\\x50*M\\x18\\x03\\0\\0\\0abc'; tail -c +100001 disk | zstd -q; } > frames`
    sh(script, { cwd: dir })
    return ['plain', 'checked', 'frames'].map((name) => {
      const bytes = readFileSync(join(dir, name))
      const frames: Range[] = []
      for (let at = 0; at >= 0; at = bytes.indexOf('28b52ffd', at + 1, 'hex')) frames.push([at, at + 24])
      return { name, bytes, ranges: [...frames, [0, bytes.length], [bytes.length - 16, bytes.length]] }
    })
  },
}

/** A filesystem that looks like a root, in `disk`. */
function makeSmallDisk(dir: string): void {
  sh(`mkdir -p root/etc root/usr; echo 'XenServer DDK release 7.0.0' > root/etc/redhat-release; seq 2000 > root/usr/numbers`, { cwd: dir })
  makeFilesystem(join(dir, 'root'), join(dir, 'disk'), { filesystem: 'ext2', megabytes: 1 })
}

/** Gives the last file of the directory the checksum and the size of what its damaged data inflates to, if it does. */
function repairLast(mutant: Buffer, directory: number): void {
  const entry = mutant.lastIndexOf('PK\x01\x02')
  if (entry < directory) return
  const header = mutant.readUInt32LE(entry + 42)
  if (header + 30 > directory) return
  const start = header + 30 + mutant.readUInt16LE(header + 26) + mutant.readUInt16LE(header + 28)
  try {
    const inflated = inflateRawSync(mutant.subarray(start, directory), { maxOutputLength: 16 << 20 })
    mutant.writeUInt32LE(crc32(inflated), entry + 16)
    mutant.writeUInt32LE(inflated.length, entry + 24)
  } catch {
    // Then there is no right checksum.
  }
}
