import { lstatSync, readlinkSync, realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { UserError } from '../bytes/errors.ts'
import { sentenceOf } from './system-error.ts'

/** The kernel's limit (path_resolution(7)). */
const maxLinks = 40

/**
 * Where a file or folder written to `path` will be. A link is followed, so that it stays a link. The file gets there by a rename, which
 * would replace a device with a file for the whole machine.
 * @throws Error with one sentence if something of another kind is there, or it is in one of the kernel's folders
 */
export function destinationOf(path: string, kind: 'file' | 'folder' = 'file'): string {
  // `resolve` removes the slash, and a file would be where a folder was meant.
  if (kind === 'file' && path.endsWith('/')) throw new UserError(`${path}: it names a folder; give the name of a file`, 'input')
  let place = resolve(path)
  for (let links = 0; links < maxLinks; links++) {
    checkPlace(path, place, kind)
    place = join(realFolder(path, dirname(place)), basename(place))
    checkPlace(path, place, kind)
    const there = attempt(path, () => lstatSync(place, { throwIfNoEntry: false }))
    if (!there && links > 0)
      throw new UserError(`${path}: it is a link to ${place}, where nothing is; make that ${kind} first, or remove the link`, 'input')
    if (!there || (kind === 'file' ? there.isFile() : there.isDirectory())) return place
    if (!there.isSymbolicLink()) {
      const what = there.isDirectory() ? 'a folder' : there.isFile() ? 'a file' : 'a device or a pipe'
      throw new UserError(`${path}: it is ${what}; give the name of a ${kind}`, 'input')
    }
    place = resolve(dirname(place), readlinkSync(place))
  }
  throw new UserError(
    `${path}: it is a link to itself, or there are more than ${maxLinks} links to follow; give the name of a ${kind}`,
    'input',
  )
}

function checkPlace(path: string, place: string, kind: string): void {
  // /dev/shm is for everybody's files (shm_overview(7)); the rest of /dev isn't.
  const folder = /^\/(?:dev(?!\/shm\/)|proc|sys)(?=\/|$)/.exec(place)?.[0]
  if (folder === undefined) return
  const leads = place === resolve(path) ? '' : `it leads to ${place}, and `
  throw new UserError(
    `${path}: ${leads}nothing is written below ${folder}, where the kernel's devices are; give the name of a ${kind} elsewhere`,
    'input',
  )
}

/** Resolves the links in a folder's path. Parts that don't exist yet stay as they are. */
function realFolder(path: string, folder: string): string {
  return attempt(path, () => {
    try {
      return realpathSync(folder)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      return join(realFolder(path, dirname(folder)), basename(folder))
    }
  })
}

function attempt<T>(path: string, look: () => T): T {
  try {
    return look()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR')
      throw new UserError(`${path}: a part of this path is a file, not a folder; give another name`, 'input')
    throw (error as NodeJS.ErrnoException).errno === undefined
      ? error
      : new Error(sentenceOf(Object.assign(error as object, { path })), { cause: error })
  }
}
