/** How a server wants a request to be authorized. */
export interface Challenge {
  /** In lower case: `basic`, `bearer`. */
  readonly scheme: string
  /** Names are in lower case. */
  readonly parameters: ReadonlyMap<string, string>
}

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const parameter = new RegExp(`^\\s*(${token})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|(${token}))\\s*(?:,|$)`)

/** Parses a WWW-Authenticate header (RFC 9110, section 11.6.1), which may have several challenges. What isn't one ends the list. */
export function parseChallenges(header: string): Challenge[] {
  const challenges: Challenge[] = []
  for (let rest = header; ; ) {
    const [whole, scheme] = new RegExp(`^[\\s,]*(${token})(?:\\s+|,|$)`).exec(rest) ?? []
    if (whole === undefined) return challenges
    rest = rest.slice(whole.length)
    const parameters = new Map<string, string>()
    for (let found = parameter.exec(rest); found; found = parameter.exec(rest)) {
      const [text, name, quoted, plain] = found
      parameters.set(name!.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? plain!)
      rest = rest.slice(text.length)
    }
    challenges.push({ scheme: scheme!.toLowerCase(), parameters })
  }
}
