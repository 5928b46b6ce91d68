import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openFile, type Source } from '../../../../src/bytes/source.ts'
import type { FileSystem } from '../../../../src/disk/filesystem/format.ts'
import { listed } from '../../../../src/disk/filesystem/listing.ts'
import { walk } from '../../../../src/disk/filesystem/tree.ts'
import { xfs } from '../../../../src/disk/filesystem/xfs/index.ts'
import { byPath, type Listed, run, withMount } from '../../../support/tools.ts'

const fillScript = join(dirname(fileURLToPath(import.meta.url)), 'fill.py')

/** The smallest that mkfs.xfs makes. The file is sparse. */
const smallest = '300M'

/** Makes an XFS filesystem in a sparse file. `options` are mkfs.xfs's. */
export function makeImage(path: string, options: string, size = smallest, more: readonly string[] = []): string {
  run('truncate', ['-s', size, path])
  run('mkfs.xfs', ['-q', '-f', ...options.split(' ').filter(Boolean), ...more, path])
  return path
}

/** Fills a filesystem through the kernel's driver. */
export async function fill(image: string, blockSize: number): Promise<void> {
  await withMount(image, (dir) => void run('python3', [fillScript, dir, String(blockSize)]), 'rw')
}

/** Opens an image for as long as `use` takes. */
export function withImage<T>(path: string, use: (fs: FileSystem, warnings: readonly string[], file: Source) => T): T {
  const file = openFile(path, 'the image')
  try {
    const warnings: string[] = []
    return use(
      xfs.open(file, (sentence) => warnings.push(sentence)),
      warnings,
      file,
    )
  } finally {
    file.close()
  }
}

/** A larger file is a hole of a terabyte. */
const mostHashed = 2 ** 30

/** What our reader says is in an image, sorted by path, and by path what couldn't be read. */
export function walkImage(path: string): { entries: Listed[]; unreadable: Record<string, string>; warnings: readonly string[] } {
  return withImage(path, (fs, warnings) => {
    const unreadable: Record<string, string> = {}
    const entries = walk(fs, (error, dir) => {
      unreadable[dir.toString()] = error.message
    })
    return {
      entries: byPath([...entries].map((entry) => ({ ...listed(entry, { sha256: entry.node.size <= mostHashed }) }))),
      unreadable,
      warnings,
    }
  })
}
