import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run, withMount } from '../../../support/tools.ts'

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
