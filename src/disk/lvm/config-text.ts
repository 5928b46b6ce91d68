/** A section of a metadata text: `name { … }`. Values and sections are in one namespace, as in LVM. */
export interface Section {
  readonly values: ReadonlyMap<string, Value>
  readonly sections: ReadonlyMap<string, Section>
}

export type Scalar = string | number
export type Value = Scalar | readonly Scalar[]

/** LVM's own metadata has four levels. The number of values bounds the memory. */
const limits = { depth: 16, values: 1_000_000 }

/**
 * Parses LVM's configuration language (dm_config in libdm of LVM2): `name { … }`, `name = value`, lists in brackets, strings with
 * backslashes, comments from # to the end of the line.
 * @throws Error whose message is the second half of a sentence about the text
 */
export function parseConfigText(text: string): Section {
  const tokens = tokenizer(text)
  let count = 0
  const addTo = <T>(map: Map<string, T>, name: string, value: T) => {
    if (++count > limits.values) throw new Error(`has more than ${limits.values} values`)
    map.set(name, value)
  }

  const section = (depth: number): Section => {
    if (depth > limits.depth) throw new Error(`has more than ${limits.depth} levels of sections`)
    const values = new Map<string, Value>()
    const sections = new Map<string, Section>()
    for (;;) {
      const token = tokens.next()
      if (isSign(token, depth === 0 ? '' : '}')) return { values, sections }
      if (token.kind === 'sign') throw tokens.unexpected(token)
      const name = token.text
      if (values.has(name) || sections.has(name)) throw new Error(`has ${JSON.stringify(name)} twice (line ${token.line})`)
      const after = tokens.next()
      if (isSign(after, '{')) addTo(sections, name, section(depth + 1))
      else if (isSign(after, '=')) addTo(values, name, value())
      else throw tokens.unexpected(after)
    }
  }

  const value = (): Value => {
    const token = tokens.next()
    return isSign(token, '[') ? list() : scalar(token)
  }

  const list = (): Scalar[] => {
    const found: Scalar[] = []
    for (let token = tokens.next(); ; token = tokens.next()) {
      if (isSign(token, ']')) return found
      if (++count > limits.values) throw new Error(`has more than ${limits.values} values`)
      found.push(scalar(token))
      const after = tokens.next()
      if (isSign(after, ']')) return found
      if (!isSign(after, ',')) throw tokens.unexpected(after)
    }
  }

  const scalar = (token: Token): Scalar => {
    if (token.kind === 'sign') throw tokens.unexpected(token)
    return token.kind === 'word' && /^[+-]?\d+(\.\d*)?$/.test(token.text) ? Number(token.text) : token.text
  }

  return section(0)
}

interface Token {
  /** A sign is one of `{ } [ ] = ,`, or empty at the end of the text. */
  readonly kind: 'sign' | 'word' | 'string'
  readonly text: string
  readonly line: number
}

function isSign(token: Token, text: string): boolean {
  return token.kind === 'sign' && token.text === text
}

const space = ' \t\r\n\v\f'
const signs = '{}[]=,'

/** Scans by hand, because a regular expression keeps a way back for every character of a long run. */
function tokenizer(text: string): { next(): Token; unexpected(token: Token): Error } {
  // A NUL ends the text.
  const nul = text.indexOf('\0')
  const end = nul === -1 ? text.length : nul
  let at = 0
  let line = 1

  const skipSpace = () => {
    for (; at < end; at++) {
      if (text[at] === '#') while (at < end && text[at] !== '\n') at++
      if (at < end && !space.includes(text[at]!)) return
      if (text[at] === '\n') line++
    }
  }

  const string = (): Token => {
    const start = line
    let value = ''
    let from = ++at
    for (; text[at] !== '"'; at++) {
      if (text[at] === '\\') {
        value += text.slice(from, at)
        from = ++at
      }
      if (at >= end) throw new Error(`has a string that doesn't end (line ${start})`)
      if (text[at] === '\n') line++
    }
    return { kind: 'string', text: value + text.slice(from, at++), line: start }
  }

  const next = (): Token => {
    skipSpace()
    if (at >= end) return { kind: 'sign', text: '', line }
    if (text[at] === '"') return string()
    if (signs.includes(text[at]!)) return { kind: 'sign', text: text[at++]!, line }
    const start = at
    while (at < end && !space.includes(text[at]!) && !signs.includes(text[at]!) && text[at] !== '#' && text[at] !== '"') at++
    return { kind: 'word', text: text.slice(start, at), line }
  }

  const unexpected = ({ text: found, line: where }: Token) =>
    new Error(found === '' ? 'ends in the middle' : `has ${JSON.stringify(found.slice(0, 40))} where it isn't allowed (line ${where})`)
  return { next, unexpected }
}
