import { lstatSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { removeAtExit } from './at-exit.ts'
import { destinationOf } from './destination.ts'
import { abandonedBeside, partOf, writing } from './new-file.ts'

/** A folder that gets its name only when it is complete. If this process ends before that, nothing of it remains, unless it was killed. */
export interface NewFolder {
  /** Where to fill it. */
  readonly part: string
  /**
   * Gives the folder its name, and replaces the folder that had it.
   * @throws Error with one sentence if the name has come to lead elsewhere, or to a folder that `mayReplace` refuses
   */
  keep(): void
  /** Removes the folder; does nothing after `keep`. */
  discard(): void
}

/**
 * Also removes what killed processes left of the same folder.
 * @param path its folder must exist; a link is followed
 * @param mayReplace throws Error with one sentence if a folder of that name must stay
 * @throws Error with one sentence if nothing can be written there, or the name belongs to something that must stay
 */
export function newFolder(path: string, mayReplace: (folder: string) => void): NewFolder {
  const check = () => {
    const destination = destinationOf(path, 'folder')
    if (statSync(destination, { throwIfNoEntry: false })) mayReplace(destination)
    return destination
  }
  const destination = check()
  removeAbandoned(destination)
  const part = partOf(destination)
  writing(path, () => mkdirSync(part))
  const release = removeAtExit(part)
  return {
    part,
    keep() {
      if (check() !== destination) {
        throw new Error(`${path}: it leads elsewhere than when the folder was begun, so the folder isn't kept; give the name of a folder`)
      }
      writing(path, () => replace(part, destination))
      release()
    },
    discard() {
      rmSync(part, { recursive: true, force: true })
      release()
    },
  }
}

/** Linux renames a folder over an empty one only. */
function replace(part: string, destination: string): void {
  try {
    renameSync(part, destination)
    return
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code!)) throw error
  }
  const old = partOf(destination)
  renameSync(destination, old)
  const release = removeAtExit(old)
  try {
    renameSync(part, destination)
  } catch (error) {
    renameSync(old, destination)
    release()
    throw error
  }
  rmSync(old, { recursive: true, force: true })
  release()
}

function removeAbandoned(destination: string): void {
  for (const path of abandonedBeside(destination)) {
    try {
      if (lstatSync(path).isDirectory()) rmSync(path, { recursive: true })
    } catch {
      // It belongs to another user, or another process was faster.
    }
  }
}
