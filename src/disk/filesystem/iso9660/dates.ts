import type { Time } from '../tree.ts'

/** Parses the seven-byte date of a directory record (ECMA-119, 9.1.5); undefined if it is absent or invalid. */
export function shortDate(bytes: Buffer): Time | undefined {
  const [year, month, day, hour, minute, second] = bytes
  return moment([1900 + year!, month!, day!, hour!, minute!, second!], 0, bytes.readInt8(6))
}

/**
 * Parses the seventeen-byte date of a volume descriptor, in hundredths of a second (ECMA-119, 8.4.26.1); undefined if it is absent or
 * invalid.
 */
export function longDate(bytes: Buffer): Time | undefined {
  const digits = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(bytes.toString('latin1', 0, 16))
  if (!digits) return undefined
  const [, year, month, day, hour, minute, second, hundredths] = digits.map(Number)
  return moment([year!, month!, day!, hour!, minute!, second!], hundredths!, bytes.readInt8(16))
}

type LocalTime = [year: number, month: number, day: number, hour: number, minute: number, second: number]

/** `offset` is local time minus UTC in quarters of an hour. */
function moment([year, month, day, hour, minute, second]: LocalTime, hundredths: number, offset: number): Time | undefined {
  // Date.UTC maps years below 100 to 1900 and later, and no real disc is dated before the year 100.
  if (year < 100 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 59) return undefined
  const seconds = Date.UTC(year, month - 1, day, hour, minute, second) / 1000
  const quarters = offset >= -48 && offset <= 52 ? offset : 0
  return { seconds: seconds - quarters * 900, nanoseconds: hundredths * 10_000_000 }
}
