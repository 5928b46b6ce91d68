import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { DiskError } from '../../src/bytes/errors.ts'
import { listTree } from '../../src/disk/filesystem/listing.ts'
import { walk } from '../../src/disk/filesystem/tree.ts'
import { inspect } from '../../src/disk/inspection.ts'
import { openRoot } from '../../src/disk/open.ts'
import { tarPieces } from '../../src/image/tar/tar.ts'
import { byPath } from '../support/tools.ts'
import type { Checker } from './seed.ts'

/** What became of a mutant. `wrong` is a fault of ours. */
export interface Outcome {
  readonly result: 'read' | 'refused' | 'large' | 'wrong'
  /** The refusal, or the fault. */
  readonly what?: string
}

/** More than the whole tar of any seed. A mutant with a larger one is a hole that a damaged size field has made. */
const tarLimit = 64 << 20

/** Warnings go to a log, so a damaged input must not have one for each record. */
const warningLimit = 1000

/** Reads an input as `inspect` and `convert` do, and checks what comes out. */
export async function read(path: string, dir: string, tarReader: TarReader, checker?: Checker): Promise<Outcome> {
  try {
    await inspect(path, { tempDir: dir })
    const outcome = await convert(path, dir)
    if (outcome.result !== 'read') return outcome
    const fault = (await tarReader.findFault(join(dir, 'tar'))) ?? (checker && (await differenceTo(checker, path, dir)))
    return fault === undefined ? outcome : { result: 'wrong', what: fault }
  } catch (error) {
    return { result: 'wrong', what: String((error as Error)?.stack ?? error) }
  }
}

async function convert(path: string, dir: string): Promise<Outcome> {
  let warnings = 0
  const warn = () => void warnings++
  try {
    const root = await openRoot(path, { tempDir: dir, warn })
    try {
      const pieces: Uint8Array[] = []
      let size = 0
      for (const piece of tarPieces(walk(root.tree), { warn, allocate: (bytes) => new Uint8Array(bytes), filesystemSize: root.size })) {
        pieces.push(piece)
        size += piece.length
        if (size > tarLimit) return { result: 'large' }
      }
      root.finish()
      writeFileSync(join(dir, 'tar'), Buffer.concat(pieces))
    } catch (error) {
      throw root.causeOf(error)
    } finally {
      root.close()
    }
    return warnings > warningLimit ? { result: 'wrong', what: `${warnings} warnings` } : { result: 'read' }
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
    if (/[\n\r]/.test(error.message)) return { result: 'wrong', what: `more than one line: ${error.message}` }
    return { result: 'refused', what: error.message }
  }
}

/** If the format's own checker finds the mutant clean, it must be the same tree to us as to the format's own tools. */
async function differenceTo(checker: Checker, path: string, dir: string): Promise<string | undefined> {
  if (!checker.isClean(path)) return undefined
  const expected = await checker.list(path)
  if (!expected) return undefined
  const root = await openRoot(path, { tempDir: dir, warn() {} })
  try {
    const ours = byPath([...listTree(root.tree, { sha256: true, onLost() {} })].map((entry) => ({ ...entry })))
    for (const [index, theirs] of expected.entries()) {
      if (isDeepStrictEqual(ours[index], theirs)) continue
      const [a, b] = [ours[index], theirs].map((entry) => JSON.stringify(entry))
      return `the checker calls it clean, but it reads differently: ${a} here, ${b} there`
    }
    return ours.length === expected.length
      ? undefined
      : `the checker calls it clean, but there are ${ours.length} entries here, ${expected.length} there`
  } finally {
    root.close()
  }
}

/** Reads tars with GNU tar and Python's tarfile, in one process for all of them. */
export class TarReader {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>

  constructor() {
    const script = fileURLToPath(new URL('read_tars.py', import.meta.url))
    this.#child = spawn('python3', [script], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]()
  }

  /** Why a tar isn't one that everybody can unpack; undefined if it is. */
  async findFault(path: string): Promise<string | undefined> {
    this.#child.stdin!.write(`${path}\n`)
    const { value } = await this.#lines.next()
    return value === 'good' ? undefined : String(value)
  }

  close(): void {
    this.#child.stdin!.end()
  }
}
