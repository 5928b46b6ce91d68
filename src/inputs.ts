import { resolve } from 'node:path'
import * as core from '@actions/core'
import { parseVersion, type Version } from './catalog/version.ts'
import { type EngineName, engineNames } from './engine/detect.ts'
import { parseReference } from './engine/reference.ts'
import { parseSha256 } from './fetch/digest.ts'

/** What the user asked for, checked; nothing else reads an input. */
export interface Inputs {
  /** Absolute path. */
  readonly iso: string
  readonly version?: Version
  /** Lower-case hexadecimal. */
  readonly isoSha256?: string
  /** Name of the image. */
  readonly image?: string
  readonly engine: EngineName
  /** Absolute path. */
  readonly archive?: string
}

/** @throws Error that names the input and what it may be */
export function readInputs(): Inputs {
  const iso = core.getInput('iso')
  if (iso === '') throw new Error('Input "iso" is empty; give the path of a DDK ISO on the runner')
  return {
    iso: resolve(iso),
    engine: readEngine(),
    ...optional('version', 'xenserver-version', parseVersion),
    ...optional('isoSha256', 'iso-sha256', parseSha256),
    ...optional('image', 'image', (text) => parseReference(text).text),
    ...optional('archive', 'archive', (text) => resolve(text)),
  }
}

function readEngine(): EngineName {
  const text = core.getInput('engine') || 'auto'
  const engine = engineNames.find((name) => name === text)
  if (!engine) throw new Error(`Input "engine" is "${text}"; it may be ${engineNames.join(', ')}`)
  return engine
}

/** `{ [key]: parse(input) }`, or `{}` if the input is empty. */
function optional<K extends string, V>(key: K, input: string, parse: (text: string) => V): { [P in K]?: V } {
  const text = core.getInput(input)
  if (text === '') return {}
  try {
    return { [key]: parse(text) } as { [P in K]?: V }
  } catch (error) {
    throw new Error(`Input "${input}": ${(error as Error).message}`)
  }
}
