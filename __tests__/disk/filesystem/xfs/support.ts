import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run, withMount } from '../../../support/tools.ts'

const fillScript = join(dirname(fileURLToPath(import.meta.url)), 'fill.py')

/** With these set, as xfstests does, mkfs.xfs makes filesystems of less than 300 MiB as well. */
const allowSmall = { TEST_DIR: '1', TEST_DEV: '1', QA_CHECK_FS: '1' }

/** Makes an XFS filesystem in a sparse file. `options` are mkfs.xfs's. */
export function makeImage(path: string, options: string, size = '300M'): string {
  run('truncate', ['-s', size, path])
  run('mkfs.xfs', ['-q', '-f', ...options.split(' ').filter(Boolean), path], { env: { ...process.env, ...allowSmall } })
  return path
}

/** Fills a filesystem through the kernel's driver. */
export async function fill(image: string, blockSize: number): Promise<void> {
  await withMount(image, (dir) => void run('python3', [fillScript, dir, String(blockSize)]), 'rw')
}
