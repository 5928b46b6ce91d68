import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { type RestoreOptions, restore } from '../process/restore.ts'
import { type CacheEntry, entryFolder } from '../process/task.ts'
import { unpackInto } from './unpack.ts'

/**
 * Restores an entry from the Actions cache as a folder. Returns its path, whose contents are not verified; or undefined if there is no entry
 * or anything fails, which is one line for `say`.
 * @throws only the reason of `signal`
 */
export async function restoreFolder(entry: CacheEntry, options: RestoreOptions): Promise<string | undefined> {
  const folder = join(entry.dir, entryFolder)
  const remove = () => rmSync(folder, { recursive: true, force: true })
  remove()
  let isWhole: boolean | undefined
  try {
    isWhole = await restore(entry, options, async (archive) => {
      await unpackInto(folder, archive.read())
      return true
    })
    return isWhole ? folder : undefined
  } finally {
    if (!isWhole) remove()
  }
}
