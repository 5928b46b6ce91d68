/** A version of XenServer, requested or found: from one number up to all of them with the build. */
export interface Version {
  /** One to four numbers: `[6, 5, 0]`. */
  readonly numbers: readonly number[]
  /** As the ISO reports it, e.g. `90233c`. */
  readonly build?: string
}

/**
 * Parses `6.5`, `6.5.0`, `v7.0` or `6.5.0-90233c`.
 * @throws Error with one sentence for anything else
 */
export function parseVersion(text: string): Version {
  const match = /^v?(\d{1,4}(?:\.\d{1,4}){0,3})(?:-([0-9A-Za-z]+))?$/.exec(text.trim())
  if (!match) throw new Error(`"${text}" is not a XenServer version; write it as 6.5, 6.5.0 or, with the build, 6.5.0-90233c`)
  const numbers = match[1]!.split('.').map(Number)
  return match[2] === undefined ? { numbers } : { numbers, build: match[2] }
}

/** Whether the found version satisfies the request: 6.5 matches 6.5.0 with any build, and 6.5.0-90233c matches only that build. */
export function satisfies(asked: Version, found: Version): boolean {
  const places = Math.max(asked.numbers.length, found.numbers.length)
  const equal = Array.from({ length: places }).every((_, place) => (asked.numbers[place] ?? 0) === (found.numbers[place] ?? 0))
  return equal && (asked.build === undefined || asked.build === found.build)
}

/** E.g. `6.5.0-90233c`, or `6.5` if only that was requested. */
export function versionText({ numbers, build }: Version): string {
  return numbers.join('.') + (build === undefined ? '' : `-${build}`)
}
