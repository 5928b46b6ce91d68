/**
 * Reads the mutants of one format, from an index on, until it is killed: `worker.ts FORMAT SEED INDEX [--once]`. Prints one line of JSON for
 * each. A process of its own, so that a hang can be ended.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mutate, numbersFor } from './mutate.ts'
import { type Outcome, read, TarReader } from './read.ts'
import { targets } from './targets.ts'

/** A line of output. */
export interface Report extends Outcome {
  readonly index: number
  readonly seed: string
  /** Processor time. */
  readonly seconds: number
  /** Peak memory so far. */
  readonly megabytes: number
}

const [format, seed, from, once] = process.argv.slice(2)
const dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-fuzz-'))
process.on('exit', () => rmSync(dir, { recursive: true, force: true }))
process.on('SIGTERM', () => process.exit(0))
const target = targets.find(({ name }) => name === format)!
const seeds = await target.seeds(dir)
const reader = new TarReader()
const path = join(dir, 'mutant')

// An undamaged seed must be readable, else nothing behind its first check is tried.
for (const { name, bytes, checker } of seeds) {
  writeFileSync(path, bytes)
  const { result, what } = await read(path, dir, reader, checker)
  if (result !== 'read') throw new Error(`${format}: the undamaged seed "${name}" isn't read: ${what}`)
}

for (let index = Number(from); ; index++) {
  const random = numbersFor(Number(seed), index)
  const { name, checker, ...rest } = seeds[index % seeds.length]!
  writeFileSync(path, mutate({ name, ...rest }, random))
  const before = process.cpuUsage()
  const outcome = await read(path, dir, reader, checker)
  const { user, system } = process.cpuUsage(before)
  const report: Report = {
    index,
    seed: name,
    ...outcome,
    seconds: (user + system) / 1e6,
    megabytes: Math.round(process.resourceUsage().maxRSS / 1000),
  }
  console.log(JSON.stringify(report))
  if (once) break
}
reader.close()
process.exit(0)
