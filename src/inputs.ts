import { resolve } from 'node:path'
import * as core from '@actions/core'
import { parseSha256 } from './bytes/digest.ts'
import { UserError } from './bytes/errors.ts'
import { askedVersion } from './catalog/find.ts'
import { loadCatalogs } from './catalog/load.ts'
import type { Catalog } from './catalog/release.ts'
import type { Version } from './catalog/version.ts'
import { oneOf } from './choice.ts'
import { type EngineName, engineNames } from './engine/detect.ts'
import { type IsoInput, parseHeaderLines, parseHttpUrl, parseIsoInput, parseOrigin } from './fetch/iso-input.ts'
import { destinationOf } from './host/destination.ts'
import { sentenceOf } from './host/system-error.ts'
import { type Compression, compressions } from './image/archive/frames.ts'
import { checkLayoutPlace } from './image/archive/layout.ts'
import { parseReference } from './image/config/reference.ts'
import { type UnameChoice, unameChoices } from './image/config/uname-choice.ts'
import { parseZeroLimit } from './image/tar/zero-limit.ts'
import { say } from './log.ts'
import type { Credentials } from './registry/credentials.ts'
import { parseRepository, type Repository } from './registry/repository.ts'
import { parseEnv, parseNetwork, parseRunOptions, parseShellName, parseShellUser, parseVolumes } from './shell/options.ts'
import type { ShellRequest } from './shell/set-up.ts'

/** The checked inputs. Nothing else in the action reads an input. */
export interface Inputs {
  /** If absent, `version` is set and the catalog supplies the address. */
  readonly iso?: IsoInput
  readonly version?: Version
  readonly catalog: Catalog
  /** Lower-case hexadecimal. */
  readonly isoSha256?: string
  /** Names are in lower case. */
  readonly isoHeaders: ReadonlyMap<string, string>
  /** Origins that get the headers in addition to those of `iso` and `mirrors`. */
  readonly isoHeadersFor: readonly string[]
  /** More addresses of the ISO, in order. */
  readonly mirrors: readonly string[]
  /** Whether to refuse an ISO without a known checksum. */
  readonly requireChecksum: boolean
  readonly cache: CacheChoice
  /** Whether to look in the cache. */
  readonly restoreCache: boolean
  /** Whether to save to the cache. */
  readonly saveCache: boolean
  /** Name of the image. */
  readonly image?: string
  readonly engine: EngineName
  /** Absolute path. */
  readonly archive?: string
  /** Absolute path of a folder. */
  readonly ociLayout?: string
  /** Absent if the engine decides. */
  readonly layerCompression?: Compression
  /** Absolute path. */
  readonly sbom?: string
  /** Where images are looked for, and pushed to if that is wanted. */
  readonly registry?: RegistryInput
  /** `sha256:` and hexadecimal. */
  readonly expectDigest?: string
  readonly uname: UnameChoice
  /** Limit for bytes of zeros in the image. */
  readonly maxZeroBytes?: number
  readonly shell: ShellRequest
}

export interface RegistryInput {
  readonly repository: Repository
  readonly push: boolean
  /** Absent if the engine's login is used. */
  readonly credentials?: Credentials
}

/** What the Actions cache keeps. `auto` means everything that may be there. */
const cacheChoices = ['auto', 'all', 'image', 'iso', 'none'] as const
export type CacheChoice = (typeof cacheChoices)[number]

const compressionChoices = ['auto', ...compressions] as const

/** @throws Error that names the input and its allowed values */
export function readInputs(): Inputs {
  const catalog = parsed('catalog', (path) => loadCatalogs(resolve(path))) ?? loadCatalogs()
  const iso = parsed('iso', parseIsoInput)
  const version = parsed('xenserver-version', (text) => askedVersion(text, catalog))
  if (!iso && !version) {
    throw new UserError(
      'Neither "iso" nor "xenserver-version" is set; set "iso" to the path or URL of a DDK ISO, or "xenserver-version" to a version with a known URL',
      'input',
    )
  }
  const archive = parsed('archive', (text) => parseOutputPath(text, 'archive'))
  const ociLayout = parsed('oci-layout', parseLayout)
  const sbom = parsed('sbom', (text) => parseOutputPath(text, 'bill of materials'))
  checkDistinct({ archive, 'oci-layout': ociLayout, sbom })
  return {
    catalog,
    isoHeaders: parsed('iso-headers', readSecretHeaders) ?? new Map(),
    isoHeadersFor: parsed('iso-headers-for', (text) => words(text).map(parseOrigin)) ?? [],
    mirrors: parsed('mirrors', (text) => words(text).map(parseHttpUrl)) ?? [],
    requireChecksum: parsed('require-checksum', parseBoolean) ?? false,
    cache: parsed('cache', (text) => oneOf(text, cacheChoices)) ?? 'auto',
    restoreCache: parsed('restore-cache', parseBoolean) ?? true,
    saveCache: parsed('save-cache', parseBoolean) ?? true,
    engine: parsed('engine', (text) => oneOf(text, engineNames)) ?? 'auto',
    uname: parsed('uname', (text) => oneOf(text, unameChoices)) ?? 'ddk',
    shell: readShellRequest(),
    ...defined({
      iso,
      version,
      isoSha256: parsed('iso-sha256', parseSha256),
      registry: readRegistry(),
      expectDigest: parsed('expect-digest', (text) => `sha256:${parseSha256(text)}`),
      image: parsed('image', (text) => parseReference(text).text),
      archive,
      ociLayout,
      layerCompression: parsed('layer-compression', parseCompression),
      sbom,
      maxZeroBytes: parsed('zero-limit', parseZeroLimit),
    }),
  }
}

function readShellRequest(): ShellRequest {
  return {
    name: parsed('shell-name', parseShellName) ?? 'ddk.sh',
    volumes: parsed('volumes', parseVolumes) ?? [],
    env: parsed('env', parseEnv) ?? [],
    runOptions: parsed('run-options', parseRunOptions) ?? [],
    user: parsed('user', parseShellUser) ?? 'root',
    ...defined({ network: parsed('network', parseNetwork) }),
  }
}

/** Parses an input; undefined if the input is empty. */
function parsed<V>(input: string, parse: (text: string) => V): V | undefined {
  const text = core.getInput(input)
  if (text === '') return undefined
  try {
    return parse(text)
  } catch (error) {
    throw new UserError(`Input "${input}": ${sentenceOf(error)}`, 'input')
  }
}

/** Returns the object without its undefined values. */
function defined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}

/** As in YAML's core schema, and like the toolkit's `getBooleanInput`. */
function parseBoolean(text: string): boolean {
  if (!/^(true|True|TRUE|false|False|FALSE)$/.test(text)) throw new Error(`it is "${text}"; it must be true or false`)
  return text.toLowerCase() === 'true'
}

/** Shorter than any real token or password. If it were masked, it would make the log unreadable: the 2 of `X-Api-Version: 2`. */
const minSecretLength = 8

/**
 * Masks the header values before anything is logged. For `Bearer TOKEN`, it also masks the token alone, because it may appear without
 * `Bearer`.
 */
function readSecretHeaders(text: string): ReadonlyMap<string, string> {
  const headers = parseHeaderLines(text)
  for (const [name, value] of headers) {
    const last = value.split(' ').at(-1)!
    if (value !== last) core.setSecret(value)
    maskSecret(last, `The value of ${name} in iso-headers`)
  }
  return headers
}

/** @param what it is, as the beginning of a sentence */
function maskSecret(secret: string, what: string): void {
  if (secret.length >= minSecretLength) core.setSecret(secret)
  else say(`${what} isn't masked in the log, because it has fewer than ${minSecretLength} characters`)
}

/** The password is masked before anything is logged. */
function readRegistry(): RegistryInput | undefined {
  const password = parsed('registry-password', (text) => text)
  if (password !== undefined) maskSecret(password, 'The password in registry-password')
  const username = parsed('registry-username', (text) => text)
  const repository = parsed('registry-image', parseRepository)
  const push = parsed('push', parseBoolean) ?? false
  if (!repository) {
    if (push) throw new UserError('Input "push" is true, but "registry-image" doesn\'t say where to; set it to a repository', 'input')
    return undefined
  }
  if ((username === undefined) !== (password === undefined)) {
    throw new UserError(
      `Input "registry-${username === undefined ? 'username' : 'password'}" is empty, but the other half of the login is set; is a secret not passed on to this job?`,
      'input',
    )
  }
  if (username?.includes(':')) throw new UserError('Input "registry-username": a user name can\'t contain a colon', 'input')
  return { repository, push, ...(username !== undefined && { credentials: { kind: 'password', username, password: password! } }) }
}

function parseCompression(text: string): Compression | undefined {
  const choice = oneOf(text, compressionChoices)
  return choice === 'auto' ? undefined : choice
}

/**
 * @param what is written
 * @throws Error if no file can be written there. Its folder needn't exist yet.
 */
function parseOutputPath(text: string, what: string): string {
  if (text === '-') throw new Error(`the ${what} can't be written to standard output, which is the log; give the name of a file`)
  checkNoShellText(text)
  destinationOf(text)
  return resolve(text)
}

/** @throws Error if no layout can be written there. Its folder needn't exist yet. */
function parseLayout(text: string): string {
  checkNoShellText(text)
  checkLayoutPlace(text)
  return resolve(text)
}

/** @throws Error for what is made for a shell: a folder called `~` or `$RUNNER_TEMP` would be made in the workspace, and later steps wouldn't find it */
function checkNoShellText(text: string): void {
  if (/^~[\w-]*\/|\$[\w{]/.test(text)) {
    throw new Error(`it is "${text}", but only a shell replaces ~ and $NAME; write an expression, such as \${{ runner.temp }}/ddk`)
  }
}

/** @throws UserError if two of the paths are the same */
function checkDistinct(paths: Readonly<Record<string, string | undefined>>): void {
  const known = new Map<string, string>()
  for (const [input, path] of Object.entries(paths)) {
    if (path === undefined) continue
    const other = known.get(path)
    if (other !== undefined) throw new UserError(`"${other}" and "${input}" are both ${path}; give each a name of its own`, 'input')
    known.set(path, input)
  }
}

/** @param text has no space at either end, and isn't empty */
function words(text: string): string[] {
  return text.split(/\s+/)
}
