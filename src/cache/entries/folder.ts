import { linkSync, lstatSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder } from '../../host/make-folder.ts'
import { entryFolder } from '../process/task.ts'

/**
 * Puts a file and its description where an entry is saved from, without copying the file. The original may be deleted meanwhile, but must
 * not be changed. If it is on another filesystem, it must not be deleted either.
 */
export function writeFolder(dir: string, file: string, name: string, json: object): void {
  const folder = join(dir, entryFolder)
  rmSync(folder, { recursive: true, force: true })
  makeFolder(folder)
  try {
    linkSync(file, join(folder, name))
  } catch {
    symlinkSync(file, join(folder, name))
  }
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(json))
}

/**
 * Path of a file in a restored entry.
 * @throws Error if it isn't a regular file: whoever made the entry may have put anything there
 */
export function fileIn(folder: string, name: string): string {
  const path = join(folder, name)
  if (!lstatSync(path).isFile()) throw new Error(`${name} is not a regular file`)
  return path
}

/** @throws Error if it isn't JSON, or larger than 1 MiB */
export function readJson(folder: string, name: string): unknown {
  const path = fileIn(folder, `${name}.json`)
  if (statSync(path).size > 1 << 20) throw new Error(`${name}.json is larger than 1 MiB`)
  return JSON.parse(readFileSync(path, 'utf8'))
}
