import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import * as core from '@actions/core'
import { expectVersion, imageName } from './catalog/expect.ts'
import { detectEngine } from './engine/detect.ts'
import type { Engine, Image } from './engine/engine.ts'
import { sha256OfFile } from './fetch/digest.ts'
import type { Conversion } from './image/convert.ts'
import type { Compression } from './image/frames.ts'
import { type Inputs, readInputs } from './inputs.ts'
import { writeOutputs } from './outputs.ts'
import { convertAloud, loadAloud } from './report/steps.ts'
import { writeSummary } from './report/summary.ts'
import { isPostStep, leaveToPostStep, tidyUp } from './state.ts'

async function run(): Promise<void> {
  const inputs = readInputs()
  const tempDir = mkdtempSync(join(process.env.RUNNER_TEMP ?? tmpdir(), 'xenserver-ddk-'))
  leaveToPostStep(tempDir)
  const engine = await core.group('Find a container engine', () => findEngine(inputs))
  const place = placeOf(inputs, engine, tempDir)
  const conversion = await core.group('Make an image of the DDK', () => makeImage(inputs, engine, place, tempDir))
  const image =
    engine &&
    (await core.group(`Load the image into ${engine.name}`, () => loadAloud(engine, place.archive, conversion.names[0]!, core.info)))
  if (!place.kept) rmSync(place.archive)
  await report(conversion, engine, image, place)
}

async function findEngine(inputs: Inputs): Promise<Engine | undefined> {
  const engine = await detectEngine(inputs.engine, core.info)
  if (engine) core.info(`${engine.name} ${engine.version}, store ${engine.store}`)
  else if (inputs.engine === 'auto')
    core.notice('No container engine answers here, so the image is left as an archive; see output "archive"')
  return engine
}

/** Where the archive goes, and whether it stays there. */
interface Place {
  readonly archive: string
  readonly kept: boolean
}

function placeOf(inputs: Inputs, engine: Engine | undefined, tempDir: string): Place {
  if (inputs.archive !== undefined) {
    mkdirSync(dirname(inputs.archive), { recursive: true })
    return { archive: inputs.archive, kept: true }
  }
  // Without an engine it is all there is of the image: the post step leaves it to the runner, which empties RUNNER_TEMP after the job.
  const archive = engine ? join(tempDir, 'image.tar') : `${tempDir}.tar`
  return { archive, kept: !engine }
}

function makeImage(inputs: Inputs, engine: Engine | undefined, { archive, kept }: Place, tempDir: string): Promise<Conversion> {
  const name = ({ identity }: Conversion['found']) => {
    expectVersion(identity, inputs.version)
    return [inputs.image ?? imageName(identity)]
  }
  const inputSha256 = sha256OfFile(inputs.iso, inputs.isoSha256)
  const options = { input: inputs.iso, archive, tempDir, compression: compressionFor(engine, kept), inputSha256, name, warn: core.warning }
  return convertAloud(options, core.info)
}

/** Old engines can't read zstd. Docker's graph drivers load a plain layer fastest, its containerd store a compressed one. */
function compressionFor(engine: Engine | undefined, kept: boolean): Compression {
  if (engine && !engine.loadsZstd) return 'none'
  return kept || engine?.store === 'containerd' ? 'zstd' : 'none'
}

async function report(
  conversion: Conversion,
  engine: Engine | undefined,
  image: Image | undefined,
  { archive, kept }: Place,
): Promise<void> {
  const { identity, names, isoSha256 } = conversion
  writeOutputs({
    image: names[0]!,
    'image-id': image?.id ?? conversion.archive.configDigest,
    archive: kept ? archive : '',
    'xenserver-version': identity.version,
    'build-number': identity.build,
    'kernel-version': identity.kernelVersion,
    architecture: identity.architecture,
    'iso-sha256': isoSha256,
  })
  await writeSummary(conversion, engine, image)
}

async function main(): Promise<void> {
  try {
    if (isPostStep()) tidyUp()
    else await run()
  } catch (error) {
    core.setFailed((error as Error).message)
    core.debug((error as Error).stack ?? '')
  }
}

void main()
