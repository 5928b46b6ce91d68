import { createReadStream, createWriteStream, lstatSync, readdirSync, realpathSync, rmSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { isFeatureAvailable, restoreCache, saveCache } from '@actions/cache'
import { makeFolder } from '../../host/make-folder.ts'
import { entryFolder } from '../process/task.ts'
import { putAside } from './put-aside.ts'
import { conflictIn, failureIn } from './toolkit-log.ts'
import { unpackEntry } from './unpack.ts'

/** A 128 MB segment that takes longer counts as hung. The toolkit's own default is 10 minutes. */
const segmentTimeoutInMs = 120_000

/**
 * Restores `DIR/xenserver-ddk`, which must not exist. Returns whether the cache has an entry with exactly this key.
 * @param temp an existing folder for intermediate files
 * @throws Error if the archive can't be unpacked, or isn't one of an entry
 */
export async function restoreEntry(key: string, dir: string, temp: string): Promise<boolean> {
  if (!isFeatureAvailable()) return false
  const { bin, archive } = putAside(temp)
  process.env.PATH = `${bin}${delimiter}${process.env.PATH ?? ''}`
  const found = await staged(dir, async () => (await restoreCache([entryFolder], key, [], { segmentTimeoutInMs })) === key)
  if (found) await unpackEntry(archive, join(dir, entryFolder))
  return found
}

/**
 * Saves `DIR/xenserver-ddk`. `exists` means that the service has the entry, or that another job is uploading it.
 * @param log returns what the toolkit has printed so far: the toolkit reports nowhere else why it didn't save
 * @param make makes the folder, if it isn't there yet
 * @throws what `make` throws
 */
export async function saveEntry(
  key: string,
  dir: string,
  log: () => string,
  make: () => Promise<void> = async () => {},
): Promise<'saved' | 'exists' | 'refused'> {
  if (!isFeatureAvailable()) return 'refused'
  makeFolder(dir)
  return staged(dir, async () => {
    // The toolkit packs everything before it checks whether the key is free.
    if ((await restoreCache([entryFolder], key, [], { lookupOnly: true })) === key) return 'exists'
    await make()
    await followLinks(join(dir, entryFolder))
    const id = await saveCache([entryFolder], key)
    // Version 1 of the service returns an ID as soon as the key is reserved, even if the upload then fails.
    if (id >= 0 && !failureIn(log())) return 'saved'
    return conflictIn(log()) ? 'exists' : 'refused'
  })
}

/** Runs `use` in `dir`, with `dir` as the job's workspace. */
async function staged<T>(dir: string, use: () => Promise<T>): Promise<T> {
  const { GITHUB_WORKSPACE } = process.env
  const cwd = process.cwd()
  try {
    process.env.GITHUB_WORKSPACE = dir
    process.chdir(dir)
    return await use()
  } finally {
    if (GITHUB_WORKSPACE === undefined) delete process.env.GITHUB_WORKSPACE
    else process.env.GITHUB_WORKSPACE = GITHUB_WORKSPACE
    process.chdir(cwd)
  }
}

/** A file on another filesystem is a symlink in the folder. It is copied only once it is certain to be needed. */
async function followLinks(folder: string): Promise<void> {
  for (const name of readdirSync(folder)) {
    const file = join(folder, name)
    if (!lstatSync(file).isSymbolicLink()) continue
    const target = realpathSync(file)
    rmSync(file)
    // In pieces, so that its progress can be observed.
    await pipeline(createReadStream(target), createWriteStream(file))
  }
}
