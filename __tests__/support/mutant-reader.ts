/**
 * Reads damaged copies of an image with the format that recognizes it: `mutant-reader.ts IMAGE COUNT`. Prints one line of JSON for each. It is
 * a process of its own, so that a hang can be ended; see mutation.ts.
 */
import { readFileSync } from 'node:fs'
import { memorySource, type Source } from '../../src/bytes/source.ts'
import { fileSystemFormats } from '../../src/disk/filesystem/formats.ts'
import { type FileNode, walk } from '../../src/disk/filesystem/tree.ts'
import { mutants, type Range } from './mutants.ts'
import type { MutantOutcome } from './mutation.ts'

const [image, count] = process.argv.slice(2)
const original = readFileSync(image!)
const format = fileSystemFormats.find(({ detect }) => detect(memorySource(original, 'the image')))!

for (const mutant of mutants(original, { seed: 2463534242, count: Number(count), ranges: metadataRanges() })) {
  const before = process.cpuUsage()
  const outcome = read(mutant)
  const { user, system } = process.cpuUsage(before)
  const costs = { seconds: (user + system) / 1e6, megabytes: Math.round(process.memoryUsage().rss / 1e6) }
  console.log(JSON.stringify({ ...outcome, ...costs } satisfies MutantOutcome))
}

/** Where the reader looks for anything but the contents of files. */
function metadataRanges(): Range[] {
  const found = new Map<number, number>()
  const device = memorySource(original, 'the image')
  const watched: Source = {
    ...device,
    read(into, offset) {
      found.set(offset, into.length)
      device.read(into, offset)
    },
  }
  for (const { node } of walk(format.open(watched, () => {}))) {
    node.xattrs()
    if (node.type === 'symlink') node.target()
    if (node.type === 'file' && node.size > 0) node.content().read(Buffer.alloc(1), node.size - 1)
  }
  return [...found].filter(([, length]) => length > 1).map(([from, length]) => [from, from + length] as const)
}

function read(bytes: Buffer): Pick<MutantOutcome, 'errors' | 'wrong'> {
  const errors: string[] = []
  let warnings = 0
  try {
    const tree = format.open(memorySource(bytes, 'the image'), () => warnings++)
    for (const { node } of walk(tree, note)) {
      for (const look of [() => node.xattrs(), () => touch(node)]) {
        try {
          look()
        } catch (error) {
          note(error as Error)
        }
      }
    }
    return warnings > 1000 ? { errors, wrong: `${warnings} warnings` } : { errors }
  } catch (error) {
    if ((error as Error).name === 'DiskError') return { errors: [(error as Error).message] }
    return { errors, wrong: String((error as Error).stack) }
  }

  function note(error: Error) {
    if (error.name !== 'DiskError') throw error
    if (errors.length < 3) errors.push(error.message)
  }
}

/** Reads both ends, because a size may say anything. */
function touch(node: FileNode) {
  if (node.type === 'symlink') node.target()
  if (node.type !== 'file') return
  const content = node.content()
  const some = Buffer.alloc(Math.min(content.size, 100_000))
  content.read(some, 0)
  content.read(some, content.size - some.length)
}
