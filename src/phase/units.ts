import { bytesText } from '../bytes/bytes-text.ts'

export { bytesText }

/** Formats milliseconds: `4.2 s`, `3 min 20 s`. */
export function durationText(milliseconds: number): string {
  const seconds = milliseconds / 1000
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`
}

/** E.g. `849.2 MB in 4.2 s (202.2 MB/s)`. */
export function rateText(bytes: number, milliseconds: number): string {
  return `${bytesText(bytes)} in ${durationText(milliseconds)} (${bytesText(Math.round((bytes / Math.max(milliseconds, 1)) * 1000))}/s)`
}
