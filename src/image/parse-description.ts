import { isPlain } from '../disk/root/identity.ts'
import { isLayerType } from './archive/frames.ts'
import { unameChoices } from './config/uname-choice.ts'
import type { ImageDescription } from './description.ts'

/** Whether an untrusted value is a description. Additional properties are ignored. */
export function isDescription(value: unknown): value is ImageDescription {
  return has(value, {
    found: (found) =>
      has(found, {
        identity: (identity) =>
          has(identity, {
            product: optional(isText),
            version: optional(isPlainText),
            build: optional(isPlainText),
            kernelVersion: optional(isPlainText),
            architecture: optional((name) => name === 'x86_64' || name === 'i686'),
          }),
        place: isText,
        type: isText,
        used: isCount,
        created: Number.isFinite,
        userland: optional(isText),
      }),
    packages: optional(isCount),
    isoSha256: (hex) => hex === '' || (isText(hex) && /^[0-9a-f]{64}$/.test(hex)),
    tar: (tar) =>
      has(tar, {
        members: isCount,
        contentSize: isCount,
        size: isCount,
        highestIds: optional((ids) => has(ids, { uid: isCount, gid: isCount })),
      }),
    layers: (layers) => isList(layers, isLayer) && layers.length > 0,
    uname: (choice) => unameChoices.some((name) => name === choice),
    defaults: (defaults) => has(defaults, { env: (list) => isList(list, isText), entrypoint: (list) => isList(list, isText) }),
  })
}

type Check = (value: unknown) => boolean

function isLayer(value: unknown): boolean {
  return has(value, {
    diffId: isDigest,
    digest: isDigest,
    size: isCount,
    uncompressedSize: isCount,
    mediaType: (type) => isText(type) && isLayerType(type),
    createdBy: isText,
  })
}

function has(value: unknown, checks: Readonly<Record<string, Check>>): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(checks).every(([key, check]) => check((value as Record<string, unknown>)[key]))
}

function optional(check: Check): Check {
  return (value) => value === undefined || check(value)
}

function isList(value: unknown, check: Check): value is unknown[] {
  return Array.isArray(value) && value.every(check)
}

/** Control characters are rejected: a new line could start a workflow command. */
function isText(value: unknown): value is string {
  return typeof value === 'string' && !/\p{Cc}/u.test(value)
}

function isPlainText(value: unknown): boolean {
  return isText(value) && isPlain(value)
}

function isDigest(value: unknown): boolean {
  return isText(value) && /^sha256:[0-9a-f]{64}$/.test(value)
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
