import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as core from '@actions/core'
import {
  engineFound,
  imageLoaded,
  imageMade,
  imagePushed,
  imageSought,
  isoIdentified,
  layoutWritten,
  sbomWritten,
  shellSetUp,
} from './achieved.ts'
import { UserError } from './bytes/errors.ts'
import type { Supervision } from './engine/command.ts'
import { detectEngine } from './engine/detect.ts'
import type { Engine, Image } from './engine/engine.ts'
import { openStore } from './fetch/store/tool-cache.ts'
import { removeAtExit } from './host/at-exit.ts'
import { endRequest } from './host/end-request.ts'
import { onUncaught } from './host/last-resort.ts'
import { makeFolder } from './host/make-folder.ts'
import { sentenceOf } from './host/system-error.ts'
import { compressionOf } from './image/archive/frames.ts'
import { writeLayout } from './image/archive/layout.ts'
import { type Inputs, readInputs } from './inputs.ts'
import { type Achieved, command, debug, fail, group, notice, say, warn } from './log.ts'
import { writeOutputs } from './outputs.ts'
import type { Phase } from './phase/phase.ts'
import { Timeline } from './phase/timeline.ts'
import { registerMatchers } from './report/matchers.ts'
import { loadWithProgress } from './report/steps.ts'
import { tellRunner } from './runner-file.ts'
import { type WrittenSbom, writeSbom } from './sbom/write-sbom.ts'
import type { InstalledShell } from './shell/remove.ts'
import { setUpRefusal, setUpShell } from './shell/set-up.ts'
import { saveForPost } from './state.ts'
import { writeSummary } from './summary.ts'
import { decideCacheUse } from './supply/cache/cache-use.ts'
import { saveForNextRun, savingStatusOf } from './supply/cache/save.ts'
import { rememberFacts, rememberImage } from './supply/engine/known-images.ts'
import { inTurn, turnFor } from './supply/engine/turn.ts'
import { findExisting } from './supply/existing.ts'
import { firstChecksum } from './supply/iso/first-checksum.ts'
import { fromIso } from './supply/iso/from-iso.ts'
import { requestIso } from './supply/iso/iso-request.ts'
import { beginRecognition } from './supply/iso/known-iso.ts'
import { type Keys, keysOf } from './supply/keys.ts'
import { decisionsOf, type Order, placeOrder } from './supply/order.ts'
import { pushImage } from './supply/registry/to-registry.ts'
import type { Origin, Supply } from './supply/supply.ts'
import { explanationOf, explanationOfKind } from './troubleshooting.ts'

/** The action's own folder. The path is the same from src/ and from dist/. */
const matchersFolder = fileURLToPath(new URL('../matchers', import.meta.url))

const timeline = new Timeline()

/** A phase of the step: a group in the log, and a task in the summary's chart. */
function step<T>(title: string, use: () => Promise<T>, achieved: (value: T) => Achieved): Promise<T> {
  return timeline.measure(title, () => group(title, use, achieved))
}

async function run(): Promise<void> {
  const inputs = readInputs()
  const request = requestIso(inputs)
  const phase: Phase = { say, warn, signal: endRequest((name) => `Cancelled (${name})`) }
  const supervision: Supervision = { signal: phase.signal, debug }
  const store = openStore({ say, notice })
  // Both wait for others: the engine's daemon, and the disk or a server.
  using recognition = beginRecognition(request, store, phase)
  const noEngine: string[] = []
  const engine = await step('Find a container engine', () => findEngine(inputs, supervision, noEngine), engineFound)
  prepareSbom(inputs.sbom, engine, noEngine)
  const tempDir = await makeTempDir()
  const order = placeOrder(inputs, decideCacheUse(inputs, request, notice), engine, tempDir, phase, timeline)
  for (const decision of decisionsOf(order)) debug(decision)
  if (engine && order.rootImport) await saveForPost({ imports: { program: engine.command, mark: order.rootImport.mark } })

  // Only a step that succeeds says where it is.
  const keepArchive = inputs.archive === undefined ? removeAtExit(order.archive) : () => {}
  const checksumBefore = firstChecksum(request, store, order)

  const known = await step('Identify the ISO', recognition.result, isoIdentified)
  const keys = keysOf(known, order)
  debug(`Key in an engine: ${keys.engine ?? 'none'}; in the Actions cache: ${keys.cache ?? 'none'}`)
  const make = () => step('Make the image', () => fromIso(known, store, order, checksumBefore), imageMade)
  const places = { engine, store, firstChecksum: checksumBefore }
  const { supply, image, saving } = await inTurn(turnFor(known, engine, order), async (turn) => {
    const look = () => findExisting(known, { ...places, turn }, order)
    const existing = await step('Look for the image', look, (supply) => imageSought(supply, engine))
    const { supply: provided, image } = await provideImage(existing ?? (await make()), engine, order, make)
    // A load can't be interrupted safely, so a cancelled job finishes it and then stops here.
    phase.signal.throwIfAborted()

    await saveForPost({ savingStatus: savingStatusOf(order) })
    const saving = saveForNextRun(provided, known, order)
    return { supply: await pushIfWanted(provided, keys, order), image, saving }
  })
  const { ociLayout } = order
  if (ociLayout !== undefined) {
    const write = () => writeLayout(order.archive, ociLayout, phase.signal)
    await step('Write the OCI layout', write, () => layoutWritten(supply, ociLayout))
  }
  const { name } = inputs.shell
  const prepareShell = () => setUp(engine, image, inputs, supervision, noEngine)
  const [canRun] = await Promise.all([
    step(`Set up ${name}`, prepareShell, (ready) => shellSetUp(name, ready)),
    // Of the size of the image, so that this takes a while.
    order.keepArchive ? undefined : rm(order.archive, { force: true }),
  ])
  phase.signal.throwIfAborted()
  if (order.keepArchive && supply.archive?.layers.some(({ mediaType }) => compressionOf(mediaType) === 'zstd')) {
    say(
      `${order.archive} has layers that are compressed with zstd: to load it takes Docker 23 or later, or Podman; ` +
        'for older ones, set "layer-compression" to gzip',
    )
  }
  const sbom = await makeSbom(inputs.sbom, engine, image, supply, order, canRun)
  phase.signal.throwIfAborted()
  await writeOutputs(supply, order, engine, image, keys.cache ?? '', sbom)
  await writeSummary({
    supply,
    known,
    order,
    engine,
    image,
    shell: canRun ? name : undefined,
    packages: sbom?.packages,
    saving,
    tasks: timeline.tasks,
  })
  keepArchive()
}

/** Makes this step's own directory. The post step is told before it exists. */
async function makeTempDir(): Promise<string> {
  const tempDir = join(process.env.RUNNER_TEMP || tmpdir(), `xenserver-ddk-${randomUUID()}`)
  await saveForPost({ tempDir })
  mkdirSync(tempDir, { mode: 0o700 })
  return tempDir
}

/** @param reasons gets the reasons if there is no engine */
async function findEngine(
  { engine: wanted, shell, archive, ociLayout }: Inputs,
  supervision: Supervision,
  reasons: string[],
): Promise<Engine | undefined> {
  const engine = await detectEngine(wanted, (sentence) => reasons.push(sentence) && say(sentence), supervision)
  if (engine) return engine
  if (wanted === 'none') reasons.push('the input "engine" is none')
  else {
    const result = archive === undefined && ociLayout !== undefined ? 'an OCI layout' : 'an archive'
    notice(`No container engine can be used here, so the image is left as ${result} and ${shell.name} can't run: ${reasons.join('; ')}`)
  }
  return undefined
}

/** Where an image may be wrong, so that it is made again if it can't be loaded. */
const doubtful: Readonly<Partial<Record<Origin, string>>> = { registry: 'the registry', cache: 'the Actions cache' }

interface Provided {
  readonly supply: Supply
  /** Absent without an engine. */
  readonly image?: Image
}

/**
 * Loads the image unless the engine already has it. If it can't be loaded without its imported layer, makes a whole archive. If an image
 * from the registry or the cache can't be loaded, makes it again, because it may be wrong there.
 */
async function provideImage(supply: Supply, engine: Engine | undefined, order: Order, make: () => Promise<Supply>): Promise<Provided> {
  if (!engine) return { supply }
  if (supply.image) return { supply, image: supply.image }
  try {
    return { supply, image: await load(supply, engine, order) }
  } catch (error) {
    order.phase.signal.throwIfAborted()
    const from = doubtful[supply.origin]
    if (from === undefined && !supply.imported) throw error
    order.rootImport?.giveUp()
    say(`${from === undefined ? 'A whole archive is made' : `The image from ${from} is ignored`}: ${sentenceOf(error)}`)
    const made = await make()
    return { supply: made, image: await load(made, engine, order) }
  } finally {
    // Else the post step does.
    if (!order.phase.signal.aborted) await order.rootImport?.cleanUp().catch((error) => say(sentenceOf(error)))
  }
}

/** Pushes an image that the registry doesn't have. */
async function pushIfWanted(supply: Supply, keys: Keys, order: Order): Promise<Supply> {
  const { registry } = order
  if (!registry?.push || !supply.archive || supply.origin === 'registry') return supply
  const { digest } = await step('Push the image', () => pushImage(registry, supply, keys, order), imagePushed)
  order.phase.signal.throwIfAborted()
  return { ...supply, manifestDigest: digest }
}

function load(supply: Supply, engine: Engine, order: Order): Promise<Image> {
  const { name, archive, conversion } = supply
  const use = async () => {
    const image = await loadWithProgress(engine, { path: order.archive, name, ...archive!, highestIds: conversion?.tar.highestIds }, say)
    rememberImage(image, { userland: conversion?.found.userland, packages: conversion?.packages })
    return image
  }
  return step(`Load the image into ${engine.name}`, use, () => imageLoaded(supply, engine))
}

async function setUp(
  engine: Engine | undefined,
  image: Image | undefined,
  { shell: request }: Inputs,
  supervision: Supervision,
  noEngine: readonly string[],
): Promise<boolean> {
  const { RUNNER_TEMP: temp = tmpdir(), GITHUB_WORKSPACE: workspace = process.cwd() } = process.env
  const installed = async (shell: InstalledShell) => {
    await saveForPost({ shell })
    await tellRunner(`the folder of ${request.name} for PATH, so no step can use it`, () => core.addPath(shell.bin))
  }
  const surroundings = { temp, workspace, say, warn, installed, supervision, explanation: explanationOfKind('no-steps') }
  if (!engine || !image) {
    await setUpRefusal(request, `there is no container engine to run steps: ${noEngine.join('; ')}`, surroundings)
    return false
  }
  if (!(await setUpShell(engine, image, request, surroundings))) return false
  await saveForPost({ matchers: matchersFolder })
  registerMatchers(matchersFolder, command)
  return true
}

/** Finds out at once whether the packages can be listed, if that is requested. */
function prepareSbom(path: string | undefined, engine: Engine | undefined, noEngine: readonly string[]): void {
  if (path === undefined) return
  if (!engine) throw noPackages(`there is no container engine: ${noEngine.join('; ')}`)
  makeFolder(dirname(path))
}

async function makeSbom(
  path: string | undefined,
  engine: Engine | undefined,
  image: Image | undefined,
  supply: Supply,
  { tempDir }: Order,
  canRun: boolean,
): Promise<WrittenSbom | undefined> {
  if (path === undefined || !engine || !image) return undefined
  if (!canRun) throw noPackages('no container of the image can run on this machine, as the warning above says')
  const sbom = await step('List the packages', () => writeSbom(engine, image, supply, path, tempDir), sbomWritten)
  rememberFacts(image, { packages: sbom.packages })
  return sbom
}

function noPackages(why: string): UserError {
  return new UserError(
    `The packages of the image can't be listed: its rpm runs in a container, and ${why}; leave out the input "sbom" to go on without it`,
    'packages',
  )
}

function failStep(error: unknown): void {
  const sentence = sentenceOf(error)
  fail(`${sentence}${/[.?!]$/.test(sentence) ? '' : '.'} See ${explanationOf(error)}`)
  debug((error as Error | undefined)?.stack ?? '')
}

onUncaught(failStep, 1)
run().catch(failStep)
