/** A JSON value with its position. */
export interface JsonNode {
  /** Index in the text. */
  readonly offset: number
  readonly value: string | number | boolean | null | readonly JsonNode[] | ReadonlyMap<string, Member>
}

/** A member of an object: the position of its name, and its value. */
export interface Member {
  readonly offset: number
  readonly node: JsonNode
}

/** Throws an error about a position in the text. */
export type Fail = (offset: number, what: string) => never

/** Deeper than any catalog, and far from a stack overflow. */
const maxDepth = 64

/**
 * Parses JSON as JSON.parse does, but keeps the position of every value. JSON.parse reports no positions, not even for all of its errors.
 * Unlike JSON.parse, this rejects duplicate names in an object.
 */
export function parseJson(text: string, fail: Fail): JsonNode {
  const parser = new Parser(text, fail)
  const node = parser.value(0)
  parser.end()
  return node
}

class Parser {
  readonly #text: string
  readonly #fail: Fail
  #offset = 0

  constructor(text: string, fail: Fail) {
    this.#text = text
    this.#fail = fail
  }

  value(depth: number): JsonNode {
    const next = this.#peek()
    const offset = this.#offset
    if (depth > maxDepth) this.#fail(offset, 'this is nested too deeply')
    if (next === '{') return { offset, value: this.#object(depth) }
    if (next === '[') return { offset, value: this.#list(depth) }
    if (next === '"') return { offset, value: this.#string() }
    return { offset, value: this.#word() }
  }

  end(): void {
    if (this.#peek() !== '') this.#fail(this.#offset, 'nothing may follow here, since the first value is complete')
  }

  #object(depth: number): ReadonlyMap<string, Member> {
    const members = new Map<string, Member>()
    this.#enclosed('}', () => {
      const next = this.#peek()
      const offset = this.#offset
      if (next !== '"') this.#fail(offset, 'a name in double quotes is missing here')
      const name = this.#string()
      if (members.has(name)) this.#fail(offset, `"${name}" occurs twice in one object`)
      if (this.#peek() !== ':') this.#fail(this.#offset, `a colon is missing here, after "${name}"`)
      this.#offset++
      members.set(name, { offset, node: this.value(depth + 1) })
    })
    return members
  }

  #list(depth: number): readonly JsonNode[] {
    const items: JsonNode[] = []
    this.#enclosed(']', () => items.push(this.value(depth + 1)))
    return items
  }

  /** Parses elements separated by commas, up to `close`. */
  #enclosed(close: string, element: () => void): void {
    const opening = this.#offset++
    let next = this.#peek()
    while (next !== close) {
      if (next === '') this.#fail(opening, `this ${this.#text[opening]} is never closed; a ${close} is missing`)
      element()
      next = this.#peek()
      if (next === ',') next = this.#afterComma(close)
      else if (next !== close && next !== '') this.#fail(this.#offset, `a comma or ${close} is missing here`)
    }
    this.#offset++
  }

  #afterComma(close: string): string {
    const comma = this.#offset++
    const next = this.#peek()
    if (next === close) this.#fail(comma, `this comma has nothing after it; leave it out before ${close}`)
    return next
  }

  #string(): string {
    const start = this.#offset
    const end = this.#closingQuote(start)
    this.#offset = end + 1
    try {
      return JSON.parse(this.#text.slice(start, end + 1)) as string
    } catch {
      return this.#fail(start, 'this text has a control character, or a backslash before what needs none')
    }
  }

  #closingQuote(start: number): number {
    for (let offset = start + 1; offset < this.#text.length; offset++) {
      const character = this.#text[offset]
      if (character === '"') return offset
      if (character === '\n') break
      if (character === '\\') offset++
    }
    return this.#fail(start, 'the double quote that begins here is not closed in its line')
  }

  #word(): number | boolean | null {
    const start = this.#offset
    const word = this.#run(/[^ \t\r\n{}[\],:"]*/y)
    if (word === '') this.#fail(start, 'a value is missing here')
    try {
      return JSON.parse(word) as number | boolean | null
    } catch {
      return this.#fail(start, `${JSON.stringify(word.slice(0, 40))} is not JSON; texts stand in double quotes, and there are no comments`)
    }
  }

  /** The next character that isn't white space; empty at the end of the text. */
  #peek(): string {
    this.#run(/[ \t\r\n]*/y)
    return this.#text[this.#offset] ?? ''
  }

  #run(pattern: RegExp): string {
    pattern.lastIndex = this.#offset
    const run = pattern.exec(this.#text)?.[0] ?? ''
    this.#offset += run.length
    return run
  }
}
