import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { bytesText } from '../../src/phase/units.ts'
import { describeMachine } from '../bench/report.ts'
import { checks, type Setting } from './checks.ts'
import { type Isos, makeIsos } from './isos.ts'
import { save } from './save.ts'
import { CannotRun, machineFor, type Subject, subjects } from './subjects.ts'
import { type Row, table } from './table.ts'

// node __tests__/engines/main.ts [ENGINE…] [options]; script/engines describes them.

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { iso: { type: 'string' }, save: { type: 'boolean', default: false } },
})
const unknown = positionals.find((name) => !(name in subjects))
if (unknown !== undefined) throw new Error(`there is no engine ${unknown}, but: ${Object.keys(subjects).join(', ')}`)
const chosen = positionals.length > 0 ? positionals : Object.keys(subjects)

const say = (line: string) => void process.stderr.write(`${line}\n`)

const work = mkdtempSync(join(tmpdir(), 'xenserver-ddk-engines-'))
// Other users have their files in it.
chmodSync(work, 0o755)
process.on('exit', () => rmSync(work, { recursive: true, force: true }))
const engines = process.env.DDK_TEST_ENGINES!
mkdirSync(engines, { recursive: true, mode: 0o755 })

const isos = await makeIsos(work, values.iso)
const rows: Row[] = []
for (const name of chosen) {
  say(`${name}:`)
  rows.push(await rowOf(subjects[name]!, isos, mkdtempSync(join(work, 'engine-'))))
}
const size = bytesText(statSync(isos.iso).size)
const report = `${describeMachine(work)}. An ISO of ${size}.\n\n${table(rows, Object.keys(checks))}`
console.log(`\n${report}`)
if (values.save) save('engines', report)

/** Starts an engine, runs all checks on it, and removes it. */
async function rowOf(subject: Subject, isos: Isos, dir: string): Promise<Row> {
  const { title } = subject
  chmodSync(dir, 0o755)
  const machine = await machineFor(subject, join(dir, 'machine'))
  try {
    const folder = (script: string) => {
      const made = mkdtempSync(join(engines, `${script}.`))
      chmodSync(made, 0o755)
      return made
    }
    const started = await subject.start({ machine, folder })
    try {
      const setting: Setting = { isos, started, dir: join(dir, 'runner'), engine: '' }
      mkdirSync(setting.dir)
      return { title, said: await runChecks(setting), engine: setting.engine }
    } finally {
      started.stop()
    }
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error
    say(`  can't run here: ${error.message}`)
    return { title, engine: '', said: {}, cannot: error.message }
  } finally {
    machine.stop()
    rmSync(dir, { recursive: true, force: true })
  }
}

/** A check that fails says so in its cell, and in the exit code. */
async function runChecks(setting: Setting): Promise<Record<string, string>> {
  const said: Record<string, string> = {}
  for (const [column, check] of Object.entries(checks)) {
    try {
      said[column] = await check(setting)
    } catch (error) {
      said[column] = `**FAILED**: ${(error as Error).message}`
      process.exitCode = 1
    }
    say(`  ${column}: ${said[column]}`)
  }
  return said
}
