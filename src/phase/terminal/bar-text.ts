import type { ProgressState } from '../progress.ts'
import { bytesText, durationText } from '../units.ts'

const minBar = 10
const maxBar = 40

export interface BarLayout {
  /** Width of the terminal in characters. */
  readonly columns: number
  /** Marks the part of the bar that is done, without changing its width. */
  readonly paint?: (text: string) => string
}

/** One line that is shorter than the terminal is wide: `Converting [=====>     ] 49 %, 420.0 MB of 849.2 MB, 12.3 s`. */
export function barText({ doing, done, total }: ProgressState, milliseconds: number, { columns, paint = String }: BarLayout): string {
  const elapsed = durationText(milliseconds)
  // Some terminals wrap when the last column is written.
  const width = columns - 1
  if (done === undefined || total === undefined) {
    const parts = [doing, ...(done === undefined ? [] : [bytesText(done)]), elapsed]
    return parts.join(', ').slice(0, width)
  }
  const share = Math.min(1, done / Math.max(total, 1))
  const percent = `${Math.floor(share * 100)} %`.padStart(5)
  const tails = [`${percent}, ${bytesText(done)} of ${bytesText(total)}, ${elapsed}`, `${percent}, ${elapsed}`]
  for (const tail of tails) {
    const room = width - `${doing} [] ${tail}`.length
    if (room >= minBar) return `${doing} [${bar(share, Math.min(room, maxBar), paint)}] ${tail}`
  }
  return `${doing} ${percent}`.slice(0, width)
}

function bar(share: number, length: number, paint: (text: string) => string): string {
  const filled = Math.floor(share * length)
  const arrow = filled < length ? '>' : ''
  return paint('='.repeat(filled) + arrow) + ' '.repeat(length - filled - arrow.length)
}
