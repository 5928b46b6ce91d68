import { readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type DigestOptions, sha256Of, sha256OfFile } from '../../bytes/digest.ts'
import { UserError } from '../../bytes/errors.ts'
import { makeFolder } from '../../host/make-folder.ts'
import { writeWhole } from '../../host/new-file.ts'

// The SHA-256s of files that this runner has hashed: TOOL_CACHE/xenserver-ddk-digests/HASH.json, where HASH is that of the file's path. A job
// whose image is still in the engine then doesn't read the whole ISO again.

/** What a write to a file, or another file in its place, changes. */
interface FileState {
  readonly device: string
  readonly inode: string
  readonly size: string
  /** Times of the last modification and the last change, in nanoseconds since 1970. No program can set the latter. */
  readonly modified: string
  readonly changed: string
}

interface DigestRecord extends FileState {
  readonly sha256: string
}

/** Milliseconds. A file that is written twice within the resolution of its times may have the same times after both. */
const coarsestTime = 2000

/** The SHA-256 that a file had when it was last hashed, in hexadecimal; undefined if it may have changed since. */
export function recordedDigest(path: string): string | undefined {
  try {
    const { sha256, ...recorded } = JSON.parse(readFileSync(recordOf(path), 'utf8')) as DigestRecord
    const isValid = /^[0-9a-f]{64}$/.test(sha256) && isSame(stateOf(path), recorded)
    return isValid ? sha256 : undefined
  } catch {
    return undefined
  }
}

/**
 * The SHA-256 of a file in hexadecimal, which is recorded; undefined for a folder.
 * @throws as `sha256OfFile` does
 */
export async function digestAndRecord(path: string, options: DigestOptions): Promise<string | undefined> {
  const before = stateIfAny(path)
  const start = Date.now()
  const sha256 = await sha256OfFile(path, options)
  // If it has changed meanwhile, it isn't in this state any more, so the record is worth nothing.
  if (sha256 !== undefined && before) record(path, sha256, before, start)
  return sha256
}

/**
 * Hashes a file whose recorded digest was believed so far.
 * @throws UserError if it has another one, which is recorded then; otherwise as `sha256OfFile` does
 */
export async function verifyRecorded(path: string, sha256: string, options: DigestOptions): Promise<string> {
  const found = await digestAndRecord(path, options)
  if (found === sha256) return sha256
  const why = `it has changed since it was last hashed, but its size and times have not: its SHA-256 was ${sha256}, and is ${found}`
  throw new UserError(`${path}: ${why}; run the job again`, 'checksum')
}

/** If nothing can be written, the next job hashes the file again. */
function record(path: string, sha256: string, state: FileState, now: number): void {
  if (now - Number(BigInt(state.changed) / 1_000_000n) < coarsestTime) return
  try {
    const file = recordOf(path)
    makeFolder(join(file, '..'))
    writeWhole(file, JSON.stringify({ ...state, sha256 } satisfies DigestRecord))
  } catch {}
}

function stateOf(path: string): FileState {
  const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true })
  return { device: `${dev}`, inode: `${ino}`, size: `${size}`, modified: `${mtimeNs}`, changed: `${ctimeNs}` }
}

function stateIfAny(path: string): FileState | undefined {
  try {
    return stateOf(path)
  } catch {
    return undefined
  }
}

function isSame(one: FileState, other: FileState): boolean {
  return (Object.keys(one) as (keyof FileState)[]).every((name) => one[name] === other[name])
}

/** @throws Error if the runner has no tool cache */
function recordOf(path: string): string {
  const { RUNNER_TOOL_CACHE: toolCache } = process.env
  if (!toolCache) throw new Error('nowhere to keep it')
  return join(toolCache, 'xenserver-ddk-digests', `${sha256Of(resolve(path))}.json`)
}
