import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openFile, type Source } from '../../../../src/bytes/source.ts'
import { ext } from '../../../../src/disk/filesystem/ext/index.ts'
import type { FileSystem } from '../../../../src/disk/filesystem/format.ts'
import { listed } from '../../../../src/disk/filesystem/listing.ts'
import { walk } from '../../../../src/disk/filesystem/tree.ts'
import { byPath, type Listed, run, withMount } from '../../../support/tools.ts'

const fillScript = join(dirname(fileURLToPath(import.meta.url)), 'fill.py')

/** Makes an ext filesystem in a sparse file. `options` are mke2fs's. */
export function makeImage(path: string, options: string, size = '96M', more: readonly string[] = []): string {
  run('truncate', ['-s', size, path])
  run('mke2fs', ['-q', '-F', ...options.split(' '), ...more, path])
  return path
}

/** Fills a filesystem through the kernel's driver. */
export async function fill(image: string, blockSize: number, ...options: readonly string[]): Promise<void> {
  await withMount(image, (dir) => void run('python3', [fillScript, dir, String(blockSize), ...options]), 'rw')
}

/** Opens an image for as long as `use` takes. */
export function withImage<T>(path: string, use: (fs: FileSystem, warnings: readonly string[], file: Source) => T): T {
  const file = openFile(path, 'the image')
  try {
    const warnings: string[] = []
    return use(
      ext.open(file, (sentence) => warnings.push(sentence)),
      warnings,
      file,
    )
  } finally {
    file.close()
  }
}

/** What our reader says is in an image, sorted by path, and by path what couldn't be read. */
export function walkImage(path: string): { entries: Listed[]; unreadable: Record<string, string>; warnings: readonly string[] } {
  return withImage(path, (fs, warnings) => {
    const unreadable: Record<string, string> = {}
    const entries = walk(fs, (error, dir) => {
      unreadable[dir.toString()] = error.message
    })
    return { entries: byPath([...entries].map((entry) => ({ ...listed(entry, { sha256: true }) }))), unreadable, warnings }
  })
}
