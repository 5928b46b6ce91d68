import { createReadStream, createWriteStream, lstatSync, readdirSync, realpathSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { type DownloadOptions, isFeatureAvailable, restoreCache, saveCache } from '@actions/cache'
import { makeFolder } from '../../host/make-folder.ts'
import { entryFolder, type ProcessFiles } from '../process/task.ts'
import { standIn, tarThatMoves, zstdmtWithSmallWindow } from './stand-in.ts'
import { conflictIn, failureIn } from './toolkit-log.ts'

const downloadOptions: DownloadOptions = {
  /** A 128 MB segment that takes longer counts as hung. The toolkit's own default is 10 minutes. */
  segmentTimeoutInMs: 120_000,
  /** Appends to the archive. The default for version 1 of the service writes its pieces in any order, but the archive is read meanwhile. */
  useAzureSdk: true,
}

/**
 * Fetches the archive of `DIR/xenserver-ddk`, and unpacks nothing. Returns whether the cache has an entry with exactly this key.
 * @param dir an existing folder
 * @param files `temp` is an existing folder; `archive` is where the archive goes
 */
export async function fetchEntry(key: string, dir: string, { temp, archive }: Pick<ProcessFiles, 'temp' | 'archive'>): Promise<boolean> {
  if (!isFeatureAvailable()) return false
  standIn('tar', tarThatMoves(archive), temp)
  return staged(dir, async () => (await restoreCache([entryFolder], key, [], downloadOptions)) === key)
}

/**
 * Saves `DIR/xenserver-ddk`. `exists` means that the service has the entry, or that another job is uploading it.
 * @param temp an existing folder for intermediate files
 * @param log returns what the toolkit has printed so far: the toolkit reports nowhere else why it didn't save
 * @param make makes the folder, if it isn't there yet
 * @throws what `make` throws
 */
export async function saveEntry(
  key: string,
  dir: string,
  temp: string,
  log: () => string,
  make: () => Promise<void> = async () => {},
): Promise<'saved' | 'exists' | 'refused'> {
  if (!isFeatureAvailable()) return 'refused'
  makeFolder(dir)
  standIn('zstdmt', zstdmtWithSmallWindow, temp)
  // GNU tar: the description comes first, so that an image can be used while it arrives.
  process.env.TAR_OPTIONS = '--sort=name'
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
