import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { parseSha256, sha256OfFile } from '../bytes/digest.ts'
import { kindOfSystemError, systemMessage, UserError } from '../bytes/errors.ts'
import { expectVersion } from '../catalog/expect.ts'
import { parseVersion } from '../catalog/version.ts'
import { detectEngine, engineNames } from '../engine/detect.ts'
import type { Engine, Image } from '../engine/engine.ts'
import { EngineError } from '../engine/errors.ts'
import { cantLoad } from '../engine/layer-support.ts'
import type { ArchivedImage } from '../engine/provide.ts'
import { RootImport } from '../engine/root-import.ts'
import { removeAtExit } from '../host/at-exit.ts'
import { destinationOf } from '../host/destination.ts'
import { endRequest } from '../host/end-request.ts'
import { sentenceOf } from '../host/system-error.ts'
import { type Compression, compressions } from '../image/archive/frames.ts'
import { checkLayoutPlace, writeLayout } from '../image/archive/layout.ts'
import { imageName } from '../image/config/name.ts'
import { parseReference } from '../image/config/reference.ts'
import { unameChoices } from '../image/config/uname-choice.ts'
import type { Conversion } from '../image/description.ts'
import { parseZeroLimit } from '../image/tar/zero-limit.ts'
import { convertWithProgress, loadWithProgress } from '../report/steps.ts'
import { resultJson, resultLine } from './convert-result.ts'
import { endProgress, say, show, warn } from './messages.ts'
import { pathOfInput } from './standard-input.ts'
import { choiceOf, parseWords, UsageError, usage } from './usage.ts'

const help = `Usage: xenserver-ddk convert INPUT -o image.tar [OPTION]...
       xenserver-ddk convert INPUT --oci-layout DIR [OPTION]...
       xenserver-ddk convert INPUT --load [OPTION]...

Converts the root filesystem in INPUT into a container image: an archive for docker load or podman
load, a folder for builders, an image in an engine, or all of these. The same INPUT gives the same
image everywhere.

  -o, --output FILE   write the archive to FILE. An existing file is replaced once the archive is complete;
                      a link is followed. Standard output can't be used
  --oci-layout DIR    write the image as a folder in OCI's image layout, with one tag. An older layout is
                      replaced once the new one is complete
  --load              load the image into an engine
  --engine NAME       docker, podman, or auto (default), which takes the first one that works
  --tag NAME          name of the image (default: xenserver-ddk:VERSION-BUILD;
                      xenserver-ddk:VERSION-BUILD-host with --uname host)
  --compression HOW   compression of the layers: zstd (default; needs Docker 23 or later), gzip, or none
  --uname WHOSE       what uname reports in a container: ddk (default) as in the DDK's Dom0, or host for
                      the host machine; with host, the image contains only the DDK's files
  --zero-limit GIB    limit for zeros in all files together, because holes are written out (default: 8)
  --sha256 HEX        SHA-256 that INPUT must have
  --version-is V      version that INPUT must be, e.g. 6.5 or 6.5.0-90233c
  --temp-dir DIR      where to unpack the disk temporarily (default: the system's)
  --json              print the result as one JSON object: image, digest, archive, layers with their sizes in
                      bytes, ... Default: one line with the image's name and the digest of its configuration

Examples:
  xenserver-ddk convert XenServer-6.5.0-DDK.iso --load
  xenserver-ddk convert XenServer-6.5.0-DDK.iso -o ddk.tar --compression gzip
  image=$(xenserver-ddk convert XenServer-6.5.0-DDK.iso --load --json | jq -r .image)
`

const options = {
  output: { type: 'string', short: 'o' },
  'oci-layout': { type: 'string' },
  load: { type: 'boolean' },
  engine: { type: 'string' },
  tag: { type: 'string' },
  compression: { type: 'string' },
  uname: { type: 'string' },
  'zero-limit': { type: 'string' },
  sha256: { type: 'string' },
  'version-is': { type: 'string' },
  'temp-dir': { type: 'string' },
  json: { type: 'boolean' },
} as const

export async function convertCommand(words: string[]): Promise<number> {
  const parsed = parseWords({ name: 'convert', help, options }, words)
  if (!parsed) return 0
  const { values } = parsed
  if (values.output === '-')
    throw new UsageError(
      "an archive can't be written to standard output, because its first bytes are only known at its end; give the name of a file",
    )
  const layout = values['oci-layout']
  if (!values.output && !layout && !values.load) throw new UsageError('give -o FILE, --oci-layout DIR, or --load')
  if (values.engine !== undefined && !values.load) throw new UsageError('--engine is of no use without --load')
  const compression = values.compression === undefined ? undefined : choiceOf('--compression', values.compression, compressions)
  const uname = choiceOf('--uname', values.uname ?? 'ddk', unameChoices)
  const wanted = choiceOf('--engine', values.engine ?? 'auto', engineNames)
  const tag = values.tag && usage(() => parseReference(values.tag!).text)
  const asked = values['version-is'] === undefined ? undefined : usage(() => parseVersion(values['version-is']!))
  const maxZeroBytes = values['zero-limit'] === undefined ? undefined : usage(() => parseZeroLimit(values['zero-limit']!), '--zero-limit')
  const expected = values.sha256 === undefined ? undefined : usage(() => parseSha256(values.sha256!))

  if (layout) usage(() => checkLayoutPlace(layout), '--oci-layout')
  if (values.output) destinationOf(values.output)
  if (values.output && layout && resolve(values.output) === resolve(layout))
    throw new UsageError(`-o and --oci-layout are both ${layout}; give each a name of its own`)

  const signal = endRequest((name) => `stopped by ${name}`)
  if (values.load) show({ doing: 'Looking for an engine' })
  const engine = values.load ? await detectEngine(wanted, say, { signal }) : undefined
  if (values.load && !engine) {
    throw new UserError('there is no engine to load the image into; use -o FILE to write an archive instead', 'no-engine')
  }
  const refusal = engine && compression && cantLoad(engine, compression)
  if (refusal !== undefined) throw new UsageError(`--compression: ${refusal}`)
  const dir = makeTempDir(values['temp-dir'] ?? tmpdir())
  const release = removeAtExit(dir)
  // With -o, --oci-layout or --compression, the whole archive is wanted.
  const layers = values.output || layout || compression ? undefined : engine?.layers
  const rootImport = layers && new RootImport(layers, basename(dir))
  try {
    const input = await pathOfInput(parsed.input, dir, signal)
    show({ doing: 'Reading the disk' })
    const archive = values.output ? resolve(values.output) : join(dir, 'image.tar')
    const make = () =>
      convertWithProgress(
        {
          input,
          archive,
          tempDir: dir,
          uname,
          maxZeroBytes,
          compression: compression ?? defaultCompression(engine),
          inputSha256: sha256OfFile(input, { expected }),
          name({ identity }) {
            expectVersion(identity, asked)
            return [tag || imageName(identity, uname)]
          },
          warn,
          note: say,
          signal,
        },
        say,
        rootImport,
        show,
      )
    const conversion = await make()
    const archived = { path: archive, name: conversion.names[0]!, ...conversion.archive, highestIds: conversion.tar.highestIds }
    if (layout) {
      show({ doing: 'Writing the OCI layout' })
      await writeLayout(archive, layout, signal)
    }
    const loaded = engine && { engine, image: await loadOrAgain(engine, archived, rootImport, make) }
    endProgress()
    process.stdout.write(values.json ? resultJson(conversion, { archive: values.output, layout, loaded }) : resultLine(conversion))
  } finally {
    await rootImport?.cleanUp().catch((error) => say(sentenceOf(error)))
    rmSync(dir, { recursive: true, force: true })
    release()
  }
  return 0
}

/** If the engine doesn't load an archive without its imported layer, `make` makes the whole one. */
async function loadOrAgain(
  engine: Engine,
  archived: ArchivedImage,
  rootImport: RootImport | undefined,
  make: () => Promise<Conversion>,
): Promise<Image> {
  try {
    return await loadWithProgress(engine, archived, say, show)
  } catch (error) {
    if (!(error instanceof EngineError) || !rootImport?.done) throw error
    rootImport.giveUp()
    say(`A whole archive is made: ${error.message}`)
    await make()
    return await loadWithProgress(engine, archived, say, show)
  }
}

function makeTempDir(parent: string): string {
  try {
    return mkdtempSync(join(parent, 'xenserver-ddk-'))
  } catch (error) {
    const sentence = `no directory can be created in ${parent} (${systemMessage(error)}); choose another place with --temp-dir`
    const kind = kindOfSystemError(error)
    throw new UserError(sentence, kind === 'input-output' ? 'input' : kind)
  }
}

function defaultCompression(engine: Engine | undefined): Compression {
  return !engine || engine.loadsZstd ? 'zstd' : 'none'
}
