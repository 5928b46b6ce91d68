import type { Time } from '../tree.ts'

/** The seven bytes of a directory record's date (ECMA-119, 9.1.5); nothing if it isn't given or isn't a date. */
export function shortDate(bytes: Buffer): Time | undefined {
  const [year, month, day, hour, minute, second] = bytes
  return moment([1900 + year!, month!, day!, hour!, minute!, second!], 0, bytes.readInt8(6))
}

/** The seventeen bytes of a volume descriptor's date (ECMA-119, 8.4.26.1), in hundredths of a second; nothing if it isn't given or isn't a date. */
export function longDate(bytes: Buffer): Time | undefined {
  const digits = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(bytes.toString('latin1', 0, 16))
  if (!digits) return undefined
  const [, year, month, day, hour, minute, second, hundredths] = digits.map(Number)
  return moment([year!, month!, day!, hour!, minute!, second!], hundredths!, bytes.readInt8(16))
}

type LocalTime = [year: number, month: number, day: number, hour: number, minute: number, second: number]

/** `offset` is local time minus UTC in quarters of an hour. */
function moment([year, month, day, hour, minute, second]: LocalTime, hundredths: number, offset: number): Time | undefined {
  // Years before 100 mean something else to Date.UTC, and nothing to anyone who masters a disc.
  if (year < 100 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 59) return undefined
  const seconds = Date.UTC(year, month - 1, day, hour, minute, second) / 1000
  const quarters = offset >= -48 && offset <= 52 ? offset : 0
  return { seconds: seconds - quarters * 900, nanoseconds: hundredths * 10_000_000 }
}
