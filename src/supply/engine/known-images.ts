import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Image } from '../../engine/engine.ts'
import { makeFolder } from '../../host/make-folder.ts'
import { writeWhole } from '../../host/new-file.ts'
import { keyLabel } from '../../image/config/labels.ts'

// The images that this action has loaded on this runner: TOOL_CACHE/xenserver-ddk-images/KEY.json, a list of KnownImage.

/** What was found out about an image, and is in none of its labels. */
export interface ImageFacts {
  /** What its programs are made for, e.g. `CentOS Linux 7.2.1511, glibc 2.17`. */
  readonly userland?: string | undefined
  /** How many RPMs it has. */
  readonly packages?: number | undefined
}

export interface KnownImage extends ImageFacts {
  readonly id: string
}

/** The images that were loaded for a key, in that order; none if there is no readable record. */
export function knownImages(key: string): readonly KnownImage[] {
  try {
    const images: unknown = JSON.parse(readFileSync(recordOf(key), 'utf8'))
    return Array.isArray(images) ? images.filter(isKnownImage) : []
  } catch {
    return []
  }
}

function isKnownImage(value: unknown): value is KnownImage {
  const { id, userland = '', packages = 0 } = (value ?? {}) as Partial<Record<keyof KnownImage, unknown>>
  return typeof id === 'string' && typeof userland === 'string' && Number.isSafeInteger(packages)
}

/** Records that an image was loaded and verified. If nothing can be written, there is no record. */
export function rememberImage(image: Image, facts: ImageFacts = {}): void {
  const known = knownOf(image)
  if (known.some(({ id }) => id === image.id)) rememberFacts(image, facts)
  else write(image, [...known, { id: image.id, ...facts }])
}

/** Adds what is known now about an image that was loaded on this runner. Any other one stays without a record: nobody has verified it. */
export function rememberFacts(image: Image, facts: ImageFacts): void {
  const known = knownOf(image)
  const before = known.find(({ id }) => id === image.id)
  if (!before) return
  const { userland = before.userland, packages = before.packages } = facts
  write(
    image,
    known.map((other) => (other === before ? { id: image.id, userland, packages } : other)),
  )
}

function knownOf({ labels }: Image): readonly KnownImage[] {
  return knownImages(labels[keyLabel] ?? '')
}

function write({ labels }: Image, images: readonly KnownImage[]): void {
  const key = labels[keyLabel] ?? ''
  try {
    const record = recordOf(key)
    makeFolder(join(record, '..'))
    writeWhole(record, JSON.stringify(images))
  } catch {
    // The next job then trusts the label, as on a runner that has never made the image.
  }
}

/** @throws Error if the runner has no tool cache */
function recordOf(key: string): string {
  const { RUNNER_TOOL_CACHE: toolCache } = process.env
  if (!toolCache || !/^[\w.-]+$/.test(key)) throw new Error('nowhere to keep it')
  return join(toolCache, 'xenserver-ddk-images', `${key}.json`)
}
