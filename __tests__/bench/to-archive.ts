import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../support/tools.ts'
import { type Comparison, timed, timedScript } from './compare.ts'
import { ours, recipe, type Setting } from './setting.ts'

/** From the ISO to a file that an engine can load or import. zstd stands in for the compression that a cache needs. */
export function toArchive(setting: Setting): Comparison {
  const { iso, work } = setting
  const chunks = join(work, 'chunks')
  const output = join(work, 'archive')
  run('xorriso', ['-osirrox', 'on', '-indev', `stdio:${iso}`, '-extract', '/', chunks], { stdio: 'ignore' })
  return {
    title: 'ISO to archive',
    ways: [
      { name: 'recipe', run: () => timed(recipe(setting, 'zstd', '-q', '-T0', '-f', '-o', output)) },
      { name: 'this action', run: () => timed(ours('convert', iso, '-o', output)) },
      { name: 'only gunzip', run: () => timedScript("find $1 -name 'chunk*.gz' | sort | xargs zcat >/dev/null", [chunks]) },
      { name: 'only SHA-256', run: () => timed(['sha256sum', iso]) },
    ],
    close: () => rmSync(chunks, { recursive: true }),
  }
}
