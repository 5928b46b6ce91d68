import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { describeMachine } from '../bench/report.ts'
import { makeDdkIso } from '../fixtures/ddk-iso.ts'
import { countingRegistry } from './counting-registry.ts'
import { countingServer } from './counting-server.ts'
import { emptyFolder, type Fleet, type FleetResult, fleetTable, removeImages, runFleet } from './fleet.ts'
import { save } from './save.ts'
import { machineFor, subjects } from './subjects.ts'

// node __tests__/engines/fleet-main.ts [ENGINE] [options]; script/fleet describes them.

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { iso: { type: 'string' }, jobs: { type: 'string', default: '20' }, save: { type: 'boolean', default: false } },
})
const [name = 'docker-20'] = positionals
const subject = subjects[name]
if (!subject) throw new Error(`there is no engine ${name}, but: ${Object.keys(subjects).join(', ')}`)
const jobs = Number(values.jobs)
const versions = ['6.5.0', '7.0.0', '7.1.0', '7.6.0', '8.2.0']
if (!Number.isInteger(jobs) || jobs < versions.length)
  throw new Error(`--jobs takes a number of ${versions.length} or more, not ${values.jobs}`)

const work = mkdtempSync(join(tmpdir(), 'xenserver-ddk-fleet-'))
chmodSync(work, 0o755)
process.on('exit', () => rmSync(work, { recursive: true, force: true }))
const engines = process.env.DDK_TEST_ENGINES!
mkdirSync(engines, { recursive: true, mode: 0o755 })

const isos: string[] = []
for (const version of versions) {
  const iso = join(work, `${version}.iso`)
  await makeDdkIso({ iso, version })
  isos.push(iso)
}
const same = values.iso ?? isos[0]!
const servers = { isos: await countingServer([...new Set([same, ...isos])]), registry: await countingRegistry() }
const machine = await machineFor(subject, join(work, 'machine'))
const started = await subject.start({
  machine,
  folder(script) {
    const made = mkdtempSync(join(engines, `${script}.`))
    chmodSync(made, 0o755)
    return made
  },
})
try {
  const all = Array<string>(jobs).fill(same)
  const matrix = all.map((_, index) => isos[index % isos.length]!)
  const { inputs } = servers.registry
  const folder = () => emptyFolder(work)
  const one = folder()
  const fleets: readonly (readonly [Fleet, string])[] = [
    [{ title: `${jobs} jobs of one DDK`, isos: all, wanted: 1 }, one],
    [{ title: `${jobs} more, on the same machine`, isos: all, wanted: 0 }, one],
    [{ title: `${jobs} jobs, of which the first is killed`, isos: all, wanted: 1, kill: true }, folder()],
    [{ title: `${jobs} jobs of ${versions.length} DDKs`, isos: matrix, wanted: versions.length }, folder()],
    [{ title: `${jobs} jobs that push the image`, isos: all, wanted: 1, inputs: { ...inputs, push: 'true' } }, folder()],
    [{ title: `${jobs} machines that have only the registry`, isos: all, wanted: 0, inputs, apart: true }, folder()],
  ]
  const results: FleetResult[] = []
  for (const [fleet, dir] of fleets) {
    if (fleet.wanted > 0) removeImages(started)
    const result = await runFleet(fleet, started, servers, dir)
    process.stderr.write(`${fleet.title}: ${result.seconds.toFixed(1)} s\n`)
    results.push(result)
  }
  const report = `${subject.title}. ${describeMachine(work)}.\n\n${fleetTable(results)}`
  console.log(`\n${report}`)
  if (values.save) save('fleet', report)
} finally {
  started.stop()
  machine.stop()
  await servers.isos.close()
  await servers.registry.stop()
}
