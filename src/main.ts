import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import * as core from '@actions/core'
import { oneLine } from './bytes/text.ts'
import type { Supervision } from './engine/command.ts'
import { detectEngine } from './engine/detect.ts'
import type { Engine, Image } from './engine/engine.ts'
import { openStore } from './fetch/store/tool-cache.ts'
import { type Inputs, readInputs } from './inputs.ts'
import { writeOutputs } from './outputs.ts'
import type { Talk } from './phase/phase.ts'
import { post } from './post.ts'
import { registerMatchers } from './report/matchers.ts'
import { loadWithProgress } from './report/steps.ts'
import { setUpShell } from './shell/set-up.ts'
import { isPostStep, saveForPost } from './state.ts'
import { writeSummary } from './summary.ts'
import { findExisting } from './supply/existing.ts'
import { fromIso, getIso } from './supply/from-iso.ts'
import { requestIso } from './supply/iso-request.ts'
import { keysOf } from './supply/keys.ts'
import { recognize } from './supply/known-iso.ts'
import { type Order, placeOrder } from './supply/order.ts'
import { saveForNextRun } from './supply/save.ts'
import type { Supply } from './supply/supply.ts'

/** In the action's own folder, as much above the sources as above the bundles. */
const matchersFolder = fileURLToPath(new URL('../matchers', import.meta.url))

async function run(): Promise<void> {
  const inputs = readInputs()
  const request = requestIso(inputs)
  const talk: Talk = { say, warn: core.warning, signal: cancellation() }
  const supervision: Supervision = { signal: talk.signal, debug: core.debug }
  const engine = await core.group('Find a container engine', () => findEngine(inputs, supervision))
  const order = placeOrder(inputs, engine, talk)
  saveForPost({ tempDir: order.tempDir })
  const store = openStore({ say, notice: core.notice })

  const known = await core.group('Recognize the ISO', () => recognize(request, store, talk))
  const make = () => core.group('Make the image', async () => fromIso(await getIso(known, store, order), order))
  const existing = await core.group('Look for the image', () => findExisting(known, engine, order))
  const { supply, image } = await provideImage(existing ?? (await make()), engine, order, make)
  // A load that had begun has ended by itself; nothing may follow it.
  talk.signal.throwIfAborted()

  saveForPost({ savingStatus: saveForNextRun(supply, known, order) })
  if (!order.keepArchive) rmSync(order.archive, { force: true })
  if (engine && image) await core.group(`Set up ${inputs.shell.name}`, () => setUp(engine, image, inputs, supervision))
  writeOutputs(supply, order, image, keysOf(known, order).cache ?? '')
  await writeSummary(supply, engine, image)
}

/** A line of the log. A name out of an ISO may have a line break in it, and what follows one could be a command to the runner. */
function say(line: string): void {
  core.info(oneLine(line))
}

async function findEngine({ engine: wanted }: Inputs, supervision: Supervision): Promise<Engine | undefined> {
  const engine = await detectEngine(wanted, say, supervision)
  if (engine) core.info(`${engine.name} ${engine.version}, store ${engine.store}`)
  else if (wanted === 'auto') core.notice('No container engine answers here, so the image is left as an archive; see output "archive"')
  return engine
}

interface Provided {
  readonly supply: Supply
  /** In the engine, if there is one. */
  readonly image?: Image
}

/** Loads an image unless the engine has it. One from the cache that can't be loaded is made anew: whoever saved it may have been wrong. */
async function provideImage(supply: Supply, engine: Engine | undefined, order: Order, make: () => Promise<Supply>): Promise<Provided> {
  if (!engine) return { supply }
  if (supply.image) return { supply, image: supply.image }
  const load = (name: string) => core.group(`Load the image into ${engine.name}`, () => loadWithProgress(engine, order.archive, name, say))
  try {
    return { supply, image: await load(supply.name) }
  } catch (error) {
    order.talk.signal.throwIfAborted()
    if (supply.origin !== 'cache') throw error
    core.info(`The image from the Actions cache isn't used: ${(error as Error).message}`)
    const anew = await make()
    return { supply: anew, image: await load(anew.name) }
  }
}

async function setUp(engine: Engine, image: Image, { shell: request }: Inputs, supervision: Supervision): Promise<void> {
  const { RUNNER_TEMP: temp = tmpdir(), GITHUB_WORKSPACE: workspace = process.cwd() } = process.env
  const shell = await setUpShell(engine, image, request, { temp, workspace }, core.warning, supervision)
  saveForPost({ shell })
  core.addPath(shell.bin)
  registerMatchers(matchersFolder, core.info)
  core.info(`Steps with "shell: ${request.name} {0}" run in the DDK from now on`)
}

/** Aborted when the runner cancels the job: a first signal asks, and a kill follows some seconds later. */
function cancellation(): AbortSignal {
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort(new Error(`Cancelled (${name})`)))
  return stop.signal
}

async function main(): Promise<void> {
  try {
    await (isPostStep() ? post(matchersFolder) : run())
  } catch (error) {
    core.setFailed((error as Error).message)
    core.debug((error as Error).stack ?? '')
  }
}

void main()
