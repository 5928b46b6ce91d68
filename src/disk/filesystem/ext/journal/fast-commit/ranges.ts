import { type FileBlock, fileBlock, fsBlock } from '../../../block-number.ts'
import type { Range } from './log.ts'

/** Combines ranges, of which later ones override earlier ones, into sorted ranges without overlaps. */
export function merged(changes: readonly Range[]): Range[] {
  if (changes.length <= 1) return changes.filter(({ count }) => count > 0)
  const middle = changes.length >>> 1
  return laidOver(merged(changes.slice(0, middle)), merged(changes.slice(middle)))
}

/** `above` where it has a range, else `below`. Both are sorted and without overlaps, and so is the result. */
export function laidOver(below: readonly Range[], above: readonly Range[]): Range[] {
  const result: Range[] = []
  let index = 0
  let rest = below[0]
  for (const range of above) {
    const end = endOf(range)
    for (; rest && rest.first < end; ) {
      if (rest.first < range.first) result.push(cut(rest, rest.first, fileBlock(Math.min(endOf(rest), range.first))))
      rest = endOf(rest) > end ? cut(rest, end, endOf(rest)) : below[++index]
    }
    result.push(range)
  }
  for (; rest; rest = below[++index]) result.push(rest)
  return result
}

function endOf(range: Range): FileBlock {
  return fileBlock(range.first + range.count)
}

/** The part of a range from the file's block `from` up to, but not including, `to`. */
function cut(range: Range, from: FileBlock, to: FileBlock): Range {
  const part = { first: from, count: to - from }
  return range.start === undefined ? part : { ...part, start: fsBlock(range.start + from - range.first) }
}
