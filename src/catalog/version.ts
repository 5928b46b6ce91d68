/** A version of XenServer as it is asked for or found: at least a number, at most all of it with the build. */
export interface Version {
  /** One to four numbers: `[6, 5, 0]`. */
  readonly numbers: readonly number[]
  /** As its ISO says it, e.g. `90233c`. */
  readonly build?: string
}

/** Reads `6.5`, `6.5.0`, `v7.0` or `6.5.0-90233c`. @throws Error with one sentence for anything else */
export function parseVersion(text: string): Version {
  const match = /^v?(\d{1,4}(?:\.\d{1,4}){0,3})(?:-([0-9A-Za-z]+))?$/.exec(text.trim())
  if (!match) throw new Error(`"${text}" is not a XenServer version; write it as 6.5, 6.5.0 or, with the build, 6.5.0-90233c`)
  const numbers = match[1]!.split('.').map(Number)
  return match[2] === undefined ? { numbers } : { numbers, build: match[2] }
}

/** Whether what was found is what was asked for: 6.5 is 6.5.0, whatever its build; 6.5.0-90233c is no other build. */
export function satisfies(asked: Version, found: Version): boolean {
  const places = Math.max(asked.numbers.length, found.numbers.length)
  const equal = Array.from({ length: places }).every((_, place) => (asked.numbers[place] ?? 0) === (found.numbers[place] ?? 0))
  return equal && (asked.build === undefined || asked.build === found.build)
}

/** E.g. `6.5.0-90233c`; `6.5` if that is all that was asked for. */
export function versionText({ numbers, build }: Version): string {
  return numbers.join('.') + (build === undefined ? '' : `-${build}`)
}
