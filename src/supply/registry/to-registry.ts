import { type FileHandle, open } from 'node:fs/promises'
import { UserError } from '../../bytes/errors.ts'
import { HttpFailure } from '../../http/failure.ts'
import type { ArchiveSummary } from '../../image/archive/archive.ts'
import { findBlobs } from '../../image/archive/archived-blobs.ts'
import { manifestType } from '../../image/archive/manifest.ts'
import { readManifest } from '../../image/archive/read-manifest.ts'
import { imageName } from '../../image/config/name.ts'
import { isTag } from '../../image/config/reference.ts'
import { imageKey } from '../../image/key/key.ts'
import { progressLines } from '../../phase/progress-line.ts'
import { bytesText, durationText } from '../../phase/units.ts'
import { canAnybodyRead } from '../../registry/anonymous.ts'
import { hasBlob } from '../../registry/blob.ts'
import type { BlobSource } from '../../registry/blob-source.ts'
import type { RegistryClient } from '../../registry/client.ts'
import { fetchManifest, pushManifest } from '../../registry/manifest.ts'
import { uploadBlob } from '../../registry/upload.ts'
import type { Keys } from '../keys.ts'
import type { Order } from '../order.ts'
import type { Supply } from '../supply.ts'
import { type RegistryUse, registryError } from './registry-use.ts'

/** What a push has done. */
export interface Pushed {
  /** Of the manifest that the registry now has for the image. */
  readonly digest: string
  /** Bytes that were sent. */
  readonly bytes: number
}

/**
 * Pushes the image of an archive: the blobs that the registry lacks, as they are, then the manifest with its tags. The registry keeps the
 * first manifest of an image: if it has one for the same configuration, with other compression for example, nothing is pushed.
 * @throws UserError if the registry fails, anybody can read the repository, or the key's tag belongs to another image; the reason of the signal
 */
export async function pushImage(registry: RegistryUse, supply: Supply, keys: Keys, order: Order): Promise<Pushed> {
  try {
    return await push(registry.client, supply, keys, order)
  } catch (error) {
    order.phase.signal.throwIfAborted()
    throw error instanceof HttpFailure ? registryError(registry, error) : error
  }
}

async function push(client: RegistryClient, supply: Supply, keys: Keys, order: Order): Promise<Pushed> {
  const { phase } = order
  const { text } = client.repository
  const archive = supply.archive!
  phase.say(
    `Pushing to ${text}: the DDK's licence forbids passing it on, so make sure that only people who may use the DDK can read this repository`,
  )
  await refuseIfPublic(client, 'tags/list', phase)
  const keyTags = keyTagsOf(supply, keys, order)
  const before = await findSame(client, keyTags[0], archive)
  if (before !== undefined) {
    phase.say(`${text} has the image already (${before}), so nothing is pushed`)
    return { digest: before, bytes: 0 }
  }
  const file = await open(order.archive)
  try {
    const bytes = await pushBlobs(client, file, archive, order)
    // Another job may have been faster.
    const meanwhile = await findSame(client, keyTags[0], archive)
    if (meanwhile === undefined)
      await pushTags(client, await manifestIn(file, order.archive, archive), archive, [...keyTags, ...versionTag(supply, order)], phase)
    return { digest: meanwhile ?? archive.manifestDigest, bytes }
  } finally {
    await file.close()
  }
}

/** The image's keys: that of its ISO's checksum, and the one by which it was looked for. An image of a folder has none. */
function keyTagsOf({ isoSha256 }: Supply, { registry }: Keys, { uname }: Order): string[] {
  const own = isoSha256 === '' ? [] : [imageKey({ sha256: isoSha256 }, { uname })]
  return [...new Set([...own, ...(registry === undefined ? [] : [registry])])]
}

/** For people. It moves to the latest image of its version. */
function versionTag({ identity }: Supply, { uname, phase }: Order): string[] {
  if (identity.version === undefined) return []
  const tag = imageName(identity, uname).replace(/^.*:/, '')
  if (isTag(tag)) return [tag]
  phase.say(`The image gets no tag with its version, because ${tag} has characters that a tag can't have`)
  return []
}

/** The content of a repository is confidential, and a registry that gives it to everybody can't be told to forget it. */
async function refuseIfPublic(client: RegistryClient, what: string, { say, signal }: Order['phase']): Promise<void> {
  const { repository } = client
  if (!(await canAnybodyRead(repository, what, { say, signal }))) return
  throw new UserError(
    `Anybody can read ${repository.text} without a login, so the image isn't pushed there: the DDK's licence forbids that; ` +
      'make the repository private, or name a private one in "registry-image"',
    'public-registry',
  )
}

/**
 * The digest of the manifest that the registry has for the same image, complete; undefined if it has none.
 * @throws UserError if the tag belongs to another image
 */
async function findSame(client: RegistryClient, tag: string | undefined, { configDigest }: ArchiveSummary): Promise<string | undefined> {
  const stored = tag === undefined ? undefined : await fetchManifest(client, tag)
  if (!stored) return undefined
  const manifest = readManifest(stored.bytes)
  if (manifest?.config.digest !== configDigest) {
    throw new UserError(
      `${client.repository.text}:${tag} is another image (${stored.digest}) than the one with this key, so it isn't replaced; ` +
        'find out who pushed it, and delete the tag',
      'registry',
    )
  }
  for (const blob of [manifest.config, ...manifest.layers]) if (!(await hasBlob(client, blob))) return undefined
  return stored.digest
}

/** The configuration comes first: it isn't confidential, and shows whether anybody can read what is pushed. */
async function pushBlobs(client: RegistryClient, file: FileHandle, archive: ArchiveSummary, order: Order): Promise<number> {
  const { phase } = order
  const start = Date.now()
  const show = progressLines(phase.say)
  const layers = archive.layers.map(({ digest }) => digest)
  const places = findBlobs(order.archive, [archive.configDigest, ...layers])
  const total = layers.reduce((sum, digest) => sum + places.get(digest)!.size, 0)
  let done = 0
  let sentBytes = 0
  for (const [digest, { position, size }] of new Map([archive.configDigest, ...layers].map((digest) => [digest, places.get(digest)!]))) {
    const read: BlobSource['read'] = async (offset, length) => {
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, position + offset)
      return buffer.subarray(0, bytesRead)
    }
    const onProgress = (sent: number) => show({ doing: 'Pushing', done: done + sent, total })
    const how = await uploadBlob(client, { digest, size, read }, { onProgress })
    phase.signal.throwIfAborted()
    if (how === 'sent') sentBytes += size
    else phase.say(`The registry has ${digest}${how === 'mounted' ? ' in another repository, and mounts it' : ''}`)
    if (digest === archive.configDigest) await refuseIfPublic(client, `blobs/${digest}`, phase)
    else done += size
  }
  phase.say(`Sent ${bytesText(sentBytes)} in ${durationText(Date.now() - start)}`)
  return sentBytes
}

async function manifestIn(file: FileHandle, path: string, { manifestDigest }: ArchiveSummary): Promise<Buffer> {
  const { position, size } = findBlobs(path, [manifestDigest]).get(manifestDigest)!
  const { buffer } = await file.read(Buffer.alloc(size), 0, size, position)
  return buffer
}

async function pushTags(
  client: RegistryClient,
  manifest: Buffer,
  { manifestDigest }: ArchiveSummary,
  tags: readonly string[],
  { say, signal }: Order['phase'],
): Promise<void> {
  const { text } = client.repository
  for (const tag of tags) {
    const before = await fetchManifest(client, tag)
    signal.throwIfAborted()
    if (before?.digest !== manifestDigest) await pushManifest(client, tag, manifestType, manifest)
    if (before && before.digest !== manifestDigest) say(`${text}:${tag} has moved: it was the manifest ${before.digest} before`)
  }
  say(`Pushed ${tags.map((tag) => `${text}:${tag}`).join(' and ')} (${manifestDigest})`)
}
