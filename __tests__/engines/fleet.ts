import { chmodSync, mkdirSync, mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { bytesText } from '../../src/phase/units.ts'
import type { CountingRegistry, RegistryCounts } from './counting-registry.ts'
import type { CountingServer } from './counting-server.ts'
import { call, diskUsed, type Job, startJob } from './job.ts'
import type { Started } from './subjects.ts'

/** Jobs that start at the same time on one machine, with one engine and one tool cache. */
export interface Fleet {
  readonly title: string
  /** The ISO of each job. */
  readonly isos: readonly string[]
  /** How many ISOs have to be fetched and converted. */
  readonly wanted: number
  /** Kills the first job that makes an image, as a machine that runs out of memory does. */
  readonly kill?: boolean
  /** More inputs of each job. */
  readonly inputs?: Readonly<Record<string, string>>
  /** Each job has a machine of its own: a tool cache that nobody shares, and no engine. */
  readonly apart?: boolean
}

/** Where jobs get what they need, and what that counts. */
export interface Servers {
  readonly isos: CountingServer
  readonly registry: CountingRegistry
}

/** What all jobs of a fleet did. */
export interface FleetResult {
  readonly title: string
  readonly seconds: number
  readonly downloads: number
  readonly questions: number
  readonly bytes: number
  readonly conversions: number
  readonly loads: number
  readonly registry: RegistryCounts
  /** What the engine and the runners have more than before. */
  readonly disk: number
}

const making = '::group::Make the image'

/**
 * Runs all jobs to their end, with a step in the DDK and the post step.
 * @param dir of the runners; fleets with the same one share their tool cache
 * @throws Error if a job fails, or if anything was done twice
 */
export async function runFleet(fleet: Fleet, started: Started, servers: Servers, dir: string): Promise<FleetResult> {
  const { title, isos, wanted, kill = false, inputs = {}, apart = false } = fleet
  mkdirSync(dir, { recursive: true })
  servers.isos.counted()
  servers.registry.counted()
  const used = () => diskUsed(started) + diskUsed({ ...started, data: dir })
  const before = used()
  const jobs = isos.map(() => startJob(started, apart ? emptyFolder(dir) : dir))
  const begin = performance.now()
  const victim = new Victim(kill)
  const engine: Record<string, string> = apart ? { engine: 'none' } : {}
  const inputsOf = (index: number) => ({ iso: servers.isos.urlOf(isos[index]!), ...engine, ...inputs })
  const logs = await Promise.all(jobs.map((job, index) => victim.mayBe(job, inputsOf(index))))
  const seconds = (performance.now() - begin) / 1000
  const disk = used() - before
  await Promise.all(jobs.map((job) => job.post()))
  const { heads, gets, bytes } = servers.isos.counted()
  const count = (text: string) => logs.filter((log) => log.includes(text)).length
  const result: FleetResult = {
    ...{ title, seconds, disk, bytes, downloads: gets, questions: heads, registry: servers.registry.counted() },
    conversions: count(making),
    loads: count('::group::Load the image into'),
  }
  if (kill !== victim.isDead) throw new Error(`${title}: no job began to make the image`)
  expectWork(result, wanted, kill ? 1 : 0)
  // One push gives three names: the version, the key of the ISO's checksum, and that of its address.
  expectTags(result, inputs.push === 'true' ? 3 : 0)
  expectOneImageEach(
    jobs.map(({ runner }) => runner.outputs()['image-id']),
    isos,
  )
  if (call(started, 'ps', '--all', '--quiet') !== '') throw new Error('containers are left')
  return result
}

/** The first job that makes an image, if it is to be killed. */
class Victim {
  readonly #kill: boolean
  isDead = false

  constructor(kill: boolean) {
    this.#kill = kill
  }

  /** Runs a job's step, and gives its log. */
  async mayBe(job: Job, inputs: Record<string, string>): Promise<string> {
    if (!this.#kill) return job.main(inputs)
    const end = new AbortController()
    return job.main(inputs, end.signal, (log) => {
      if (this.isDead || !log.includes(making)) return
      this.isDead = true
      end.abort()
    })
  }
}

/**
 * A killed job has downloaded a part that the next one goes on with, and has begun a conversion in vain.
 * @throws Error that says what was done twice
 */
function expectWork(result: FleetResult, wanted: number, killed: number): void {
  const { downloads, conversions, loads } = result
  const isRight = downloads >= wanted && downloads <= wanted + killed && conversions === wanted + killed && loads === wanted
  if (isRight) return
  throw new Error(`${result.title}: ${wanted} ISOs took ${downloads} downloads, ${conversions} conversions and ${loads} loads`)
}

/** @throws Error if an image was pushed twice, or not at all */
function expectTags({ title, registry }: FleetResult, wanted: number): void {
  if (registry.tags !== wanted) throw new Error(`${title}: the registry got ${registry.tags} names, not ${wanted}`)
}

/** All jobs of an ISO have the same image, and jobs of different ones have different images. A killed job has none. */
function expectOneImageEach(ids: readonly (string | undefined)[], isos: readonly string[]): void {
  const found = ids.flatMap((id, index) => (id === undefined ? [] : [{ id, iso: isos[index]! }]))
  const images = new Set(found.map(({ id, iso }) => `${iso} ${id}`))
  const distinct = [new Set(isos), new Set(found.map(({ id }) => id))].map(({ size }) => size)
  if (distinct.some((size) => size !== images.size)) throw new Error(`the images are ${[...images].join(', ')}`)
}

/** A folder for a fleet that finds nothing. */
export function emptyFolder(work: string): string {
  const dir = mkdtempSync(join(work, 'fleet-'))
  chmodSync(dir, 0o755)
  return dir
}

/** Removes the images of earlier fleets. */
export function removeImages(started: Started): void {
  const ids = new Set(call(started, 'images', '--quiet').split('\n').filter(Boolean))
  for (const id of ids) call(started, 'image', 'rm', '--force', id)
}

/** A Markdown table. */
export function fleetTable(results: readonly FleetResult[]): string {
  const head = ['', 'wall time', 'downloads', 'questions', 'bytes', 'conversions', 'loads', 'to the registry', 'from it', 'disk']
  const cells = results.map(({ title, seconds, downloads, questions, bytes, conversions, loads, registry, disk }) => [
    title,
    `${seconds.toFixed(1)} s`,
    ...[downloads, questions].map(String),
    bytesText(bytes),
    ...[conversions, loads].map(String),
    ...[registry.up, registry.down, disk].map((size) => (size === 0 ? '' : bytesText(size))),
  ])
  const line = (row: readonly string[]) => `| ${row.join(' | ')} |`
  return [line(head), `|${head.map((_, index) => (index === 0 ? '---' : '--:')).join('|')}|`, ...cells.map(line)].join('\n')
}
