import { linkSync, lstatSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder } from '../../host/make-folder.ts'
import { entryFolder } from '../process/task.ts'
import type { EntryFile } from './unpack.ts'

/** The file that describes what an entry holds. By its name, it comes before all others. */
export const descriptionName = 'about.json'

/** Part of every key, so that no entry of another format is found. Increase it when an entry's files change. */
export const entryFormat = 'v2'

/** More than any description has, in bytes. */
const maxDescription = 1 << 20

/**
 * Puts a file and its description where an entry is saved from, without copying the file. The original may be deleted meanwhile, but must
 * not be changed. If it is on another filesystem, it must not be deleted either.
 */
export function writeFolder(dir: string, file: string, name: string, description: object): void {
  const folder = join(dir, entryFolder)
  rmSync(folder, { recursive: true, force: true })
  makeFolder(folder)
  try {
    linkSync(file, join(folder, name))
  } catch {
    symlinkSync(file, join(folder, name))
  }
  writeFileSync(join(folder, descriptionName), JSON.stringify(description))
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

/**
 * What describes a restored entry.
 * @throws Error if it isn't JSON, or larger than 1 MiB
 */
export function readDescription(folder: string): unknown {
  const path = fileIn(folder, descriptionName)
  checkSize(statSync(path).size)
  return JSON.parse(readFileSync(path, 'utf8'))
}

/** As `readDescription`, but of an entry that is arriving. */
export async function takeDescription({ size, content }: EntryFile): Promise<unknown> {
  checkSize(size)
  return JSON.parse((await content.take(size)).toString('utf8'))
}

function checkSize(size: number): void {
  if (size > maxDescription) throw new Error(`${descriptionName} is larger than 1 MiB`)
}
