/**
 * Reads damaged copies of an image, in a process of its own so that a hang can be ended: `mutate.ts IMAGE SEED COUNT`. Prints one line of JSON for each.
 */
import { readFileSync } from 'node:fs'
import { memorySource, type Source } from '../../../../src/bytes/source.ts'
import { ext } from '../../../../src/disk/filesystem/ext/index.ts'
import { type FileNode, walk } from '../../../../src/disk/filesystem/tree.ts'

const [image, seed, count] = process.argv.slice(2)
const original = readFileSync(image!)
const ranges = metadataRanges()
let state = Number(seed)

for (let index = 0; index < Number(count); index++) {
  const bytes = Buffer.from(original)
  const changes = Array.from({ length: 1 + below(4) }, () => change(bytes))
  const before = process.cpuUsage()
  const outcome = read(bytes)
  const { user, system } = process.cpuUsage(before)
  console.log(
    JSON.stringify({ index, changes, ...outcome, seconds: (user + system) / 1e6, megabytes: Math.round(process.memoryUsage().rss / 1e6) }),
  )
}

/** Where the reader looks for anything but the contents of files. */
function metadataRanges(): { at: number; length: number }[] {
  const found = new Map<number, number>()
  const device = memorySource(original, 'the image')
  const watched: Source = {
    ...device,
    read(into, offset) {
      found.set(offset, into.length)
      device.read(into, offset)
    },
  }
  const fs = ext.open(watched, () => {})
  for (const { node } of walk(fs)) {
    node.xattrs()
    if (node.type === 'file' && node.size > 0) node.content().read(Buffer.alloc(1), node.size - 1)
  }
  return [...found].filter(([, length]) => length > 1).map(([at, length]) => ({ at, length }))
}

/** Overwrites a field of 1, 2 or 4 bytes with a value that is likely to hurt. */
function change(bytes: Buffer): string {
  const range = ranges[below(ranges.length)]!
  const size = [1, 2, 4][below(3)]!
  let at = range.at
  // Most of an inode table is empty, and what is changed there is never read.
  for (let tries = 0; tries < 20; tries++) {
    at = range.at + below(Math.max(1, Math.floor(range.length / size))) * size
    if (original[at] !== 0) break
  }
  if (at + size > bytes.length) return 'nothing'
  const most = 2 ** (8 * size)
  const old = bytes.readUIntLE(at, size)
  const values = [
    0,
    1,
    most - 1,
    most / 2,
    most / 2 - 1,
    old + 1,
    old - 1 + most,
    old ^ (1 << below(8)),
    old * 2,
    below(64),
    Math.floor(at / 1024),
    below(2 ** 31),
  ]
  const value = (values[below(values.length)]! >>> 0) % most
  bytes.writeUIntLE(value, at, size)
  return `${size} bytes at ${at}: ${old} to ${value}`
}

function read(bytes: Buffer): { entries?: number; errors: string[]; wrong?: string } {
  const errors: string[] = []
  let warnings = 0
  try {
    const fs = ext.open(memorySource(bytes, 'the image'), () => warnings++)
    let entries = 0
    for (const { node } of walk(fs, note)) {
      entries++
      for (const look of [() => node.xattrs(), () => touch(node)]) {
        try {
          look()
        } catch (error) {
          note(error as Error)
        }
      }
    }
    return warnings > 1000 ? { entries, errors, wrong: `${warnings} warnings` } : { entries, errors }
  } catch (error) {
    if ((error as Error).name === 'DiskError') return { errors: [(error as Error).message] }
    return { errors, wrong: String((error as Error).stack) }
  }

  function note(error: Error) {
    if (error.name !== 'DiskError') throw error
    if (errors.length < 3) errors.push(error.message)
  }
}

/** Both ends, since a size may say anything. */
function touch(node: FileNode) {
  if (node.type === 'symlink') node.target()
  if (node.type !== 'file') return
  const content = node.content()
  const some = Buffer.alloc(Math.min(content.size, 100_000))
  content.read(some, 0)
  content.read(some, content.size - some.length)
}

/** A number from 0 to `limit` - 1 (xorshift32). */
function below(limit: number): number {
  state ^= state << 13
  state ^= state >>> 17
  state ^= state << 5
  return (state >>> 0) % limit
}
