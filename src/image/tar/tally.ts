import type { Warn } from '../../bytes/errors.ts'
import { pathText } from '../../bytes/text.ts'

/** Counts repeated problems, so that each kind takes one line in a log. */
export interface Tally<Kind extends string> {
  add(kind: Kind, path: Buffer): void
  /** Reports each kind that occurred, in the order of `sentences`: the sentence, the count, and the first path. */
  say(warn: Warn): void
}

export function tally<Kind extends string>(sentences: Readonly<Record<Kind, string>>): Tally<Kind> {
  const found = new Map<Kind, { count: number; first: string }>()
  return {
    add(kind, path) {
      const seen = found.get(kind)
      if (seen) seen.count++
      else found.set(kind, { count: 1, first: `/${pathText(path)}` })
    },
    say(warn) {
      for (const kind of Object.keys(sentences) as Kind[]) {
        const seen = found.get(kind)
        if (seen) warn(`${sentences[kind]}: ${seen.count === 1 ? seen.first : `${seen.count} times, first at ${seen.first}`}`)
      }
    },
  }
}
