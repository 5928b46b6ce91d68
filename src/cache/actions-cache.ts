import { copyFileSync, lstatSync, readdirSync, realpathSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { isFeatureAvailable, restoreCache, saveCache } from '@actions/cache'
import { entryFolder } from './task.ts'
import { conflictIn, failureIn } from './toolkit-log.ts'

/** Of one segment of 128 MB, after which the download counts as hung; the toolkit's own patience is 10 minutes. */
const segmentTimeoutInMs = 120_000

/** Brings back `DIR/xenserver-ddk`; says whether it was there, under exactly this key. */
export async function restoreEntry(key: string, dir: string): Promise<boolean> {
  if (!isFeatureAvailable()) return false
  return staged(dir, async () => (await restoreCache([entryFolder], key, [], { segmentTimeoutInMs })) === key)
}

/**
 * Saves `DIR/xenserver-ddk`. `exists`: the service has it, or is being given it by another job.
 * @param log says what the toolkit has printed since: it tells nobody else why it didn't save
 */
export async function saveEntry(key: string, dir: string, log: () => string): Promise<'saved' | 'exists' | 'refused'> {
  if (!isFeatureAvailable()) return 'refused'
  return staged(dir, async () => {
    // The toolkit packs everything before it asks whether the key is free.
    if ((await restoreCache([entryFolder], key, [], { lookupOnly: true })) === key) return 'exists'
    followLinks(join(dir, entryFolder))
    const id = await saveCache([entryFolder], key)
    // Version 1 gives an ID as soon as it has reserved one, whatever becomes of the upload.
    if (id >= 0 && !failureIn(log())) return 'saved'
    return conflictIn(log()) ? 'exists' : 'refused'
  })
}

/** Runs `use` in `dir`, as if the job's workspace were there. */
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

/** A file of another filesystem is a link in the folder, and is copied only when it is certain to be wanted. */
function followLinks(folder: string): void {
  for (const name of readdirSync(folder)) {
    const file = join(folder, name)
    if (!lstatSync(file).isSymbolicLink()) continue
    const target = realpathSync(file)
    rmSync(file)
    copyFileSync(target, file)
  }
}
