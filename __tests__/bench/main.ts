import { copyFileSync, mkdtempSync, readFileSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs'
import { freemem, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { bytesText } from '../../src/phase/units.ts'
import { allEngines, type RealEngine, startEngine } from '../engine/start-engine.ts'
import { chart, themes } from './chart.ts'
import { type Comparison, compare, type Result } from './compare.ts'
import { fromServer } from './from-server.ts'
import { growth } from './growth.ts'
import { profile } from './profile/index.ts'
import { fromRegistry, toRegistry } from './registry.ts'
import { describeMachine, tables } from './report.ts'
import { repository, type Setting } from './setting.ts'
import { toArchive } from './to-archive.ts'
import { toEngine } from './to-engine.ts'

// node __tests__/bench/main.ts --iso ISO [options]; script/bench describes them.

const { values } = parseArgs({
  options: {
    iso: { type: 'string' },
    runs: { type: 'string' },
    only: { type: 'string', multiple: true },
    quick: { type: 'boolean', default: false },
    save: { type: 'boolean', default: false },
  },
})
const runs = Number(values.runs ?? (values.quick ? 1 : 5))
if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs takes a number of 1 or more, not ${values.runs}`)

/** The ISO, a tree, two disks, archives, and an engine's store. */
const needed = 14e9

const say = (line: string) => void process.stderr.write(`${line}\n`)

/** Each makes what it measures when its turn comes. */
const comparisons: Record<string, (setting: Setting) => Promise<Comparison | undefined>> = {
  archive: async (setting) => toArchive(setting),
  ...Object.fromEntries(allEngines.map((title) => [title, (setting: Setting) => onEngine(setting, title)])),
  server: fromServer,
  push: toRegistry,
  pull: (setting) => onEngine(setting, 'newer docker, containerd store', fromRegistry),
  growth: async (setting) => growth(setting),
}

async function onEngine(
  setting: Setting,
  title: (typeof allEngines)[number],
  compareOn: (setting: Setting, engine: RealEngine) => Promise<Comparison> = toEngine,
): Promise<Comparison | undefined> {
  const engine = startEngine(title)
  if (!('skip' in engine)) return compareOn(setting, engine)
  say(`${title} can't run here: ${engine.skip.detail ?? engine.skip.reason}`)
  return undefined
}

/** A part of its own, which compares nothing. */
const profileName = 'profile'
const parts = [...Object.keys(comparisons), profileName]
const chosen = values.only ?? (values.quick ? ['archive', 'docker'] : parts)
const unknown = chosen.find((name) => !parts.includes(name))
if (unknown !== undefined) throw new Error(`--only takes ${parts.join(', ')}, not ${unknown}`)

const work = mkdtempSync(join(roomyFolder(), 'xenserver-ddk-bench-'))
process.env.DDK_TEST_ENGINES = join(work, 'engines')
process.on('exit', () => rmSync(work, { recursive: true, force: true }))
const setting: Setting = { iso: join(work, 'ddk.iso'), work }
copyFileSync(values.iso!, setting.iso)
const machine = describeMachine(work)
say(machine)

const results: Result[] = []
for (const name of chosen) {
  const comparison = await comparisons[name]?.(setting)
  if (comparison) results.push(await compare(comparison, runs, say))
}
const iso = `${bytesText(statSync(setting.iso).size)} of ISO`
const figures = `${machine}. ${runs === 1 ? 'One run' : `Medians of ${runs} runs`} of ${iso}.\n\n${tables(results)}`
if (results.length > 0) {
  console.log(`\n${figures}`)
  if (values.save) save('figures', figures)
  if (values.save)
    for (const theme of themes) writeFileSync(join(repository, `docs/images/performance-${theme}.svg`), chart(results, theme))
}
if (chosen.includes(profileName)) {
  const times = `${machine}. One run of ${iso}.\n\n${await profile(setting)}`
  console.log(`\n${times}`)
  if (values.save) save(profileName, times)
}

/** A tmpfs avoids noise from the disk, if it is large enough and backed by enough memory. */
function roomyFolder(): string {
  const { bavail, bsize } = statfsSync('/dev/shm')
  return bavail * bsize > needed && freemem() > needed ? '/dev/shm' : tmpdir()
}

/** Puts a text into the documentation, between its two comments. */
function save(name: string, text: string): void {
  const path = join(repository, 'docs/performance.md')
  const place = new RegExp(`(?<=<!-- ${name}, by script/bench --save -->\\n)[\\s\\S]*(?=<!-- end of ${name} -->)`)
  writeFileSync(
    path,
    readFileSync(path, 'utf8').replace(place, () => `\n${text}\n`),
  )
}
