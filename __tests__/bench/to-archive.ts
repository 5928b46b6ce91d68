import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../support/tools.ts'
import { type Comparison, timed, timedScript } from './compare.ts'
import { ours, recipe, repository, type Setting } from './setting.ts'

/** From the ISO to a file that an engine can load or import. zstd stands in for the compression that a cache needs. */
export function toArchive(setting: Setting): Comparison {
  const { iso, work } = setting
  const chunks = join(work, 'chunks')
  const output = join(work, 'archive')
  const toFile = ['zstd', '-q', '-T0', '-f', '-o', output]
  const libguestfs = join(repository, '__tests__/bench/libguestfs.sh')
  run('xorriso', ['-osirrox', 'on', '-indev', `stdio:${iso}`, '-extract', '/', chunks], { stdio: 'ignore' })
  return {
    title: 'ISO to archive',
    ways: [
      { name: 'recipe', run: () => timed(recipe(setting, ...toFile)) },
      // Too large to be installed for everyone who measures, and not every machine can run its virtual machine.
      ...(spawnSync('guestfish', ['--add', '/dev/null', 'run'], { env: { ...process.env, LIBGUESTFS_BACKEND: 'direct' } }).status === 0
        ? [{ name: 'recipe with libguestfs', run: () => timed([libguestfs, iso, work, ...toFile]) }]
        : []),
      { name: 'this action', run: () => timed(ours('convert', iso, '-o', output)) },
      { name: 'only gunzip', run: () => timedScript("find $1 -name 'chunk*.gz' | sort | xargs zcat >/dev/null", [chunks]) },
      { name: 'only SHA-256', run: () => timed(['sha256sum', iso]) },
    ],
    close: () => rmSync(chunks, { recursive: true }),
  }
}
