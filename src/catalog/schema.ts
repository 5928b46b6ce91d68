import type { Fail, JsonNode } from './json.ts'

/** The part of JSON Schema that the catalog's schema uses. The description completes the sentence "it must be …". */
export interface Schema {
  readonly description: string
  readonly type: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly minItems?: number
  readonly pattern?: string
  readonly enum?: readonly string[]
  readonly minimum?: number
}

/** Returns the plain value of `node` if it satisfies `schema`. Otherwise calls `fail` with what it is and what it must be. */
export function plainValue(node: JsonNode, schema: Schema, fail: Fail, name = 'the catalog'): unknown {
  const { offset, value } = node
  if (typeOf(value, schema.type) !== schema.type) fail(offset, `${name} is ${shown(value)}; it must be ${schema.description}`)
  if (value instanceof Map) return plainObject(value, offset, schema, fail, name)
  if (isList(value)) return plainList(value, offset, schema, fail, name)
  if (!allows(schema, value)) fail(offset, `${name} is ${shown(value)}; it must be ${schema.description}`)
  return value
}

function plainObject(members: Members, offset: number, { properties = {}, required = [] }: Schema, fail: Fail, name: string): unknown {
  const known = Object.keys(properties)
  const plain = Array.from(members, ([key, member]) => {
    const schema = known.includes(key)
      ? properties[key]!
      : fail(member.offset, `"${key}" is not a known key here; known keys are ${known.join(', ')}`)
    return [key, plainValue(member.node, schema, fail, `"${key}"`)]
  })
  const missing = required.find((key) => !members.has(key))
  if (missing !== undefined) fail(offset, `${name} has no "${missing}"; it must be ${properties[missing]?.description}`)
  return Object.fromEntries(plain)
}

function plainList(
  nodes: readonly JsonNode[],
  offset: number,
  { items, minItems = 0, description }: Schema,
  fail: Fail,
  name: string,
): unknown {
  if (nodes.length < minItems) fail(offset, `${name} is empty; it must be ${description}`)
  return nodes.map((node, index) => plainValue(node, items!, fail, `number ${index + 1} of ${name}`))
}

type Members = Extract<JsonNode['value'], ReadonlyMap<string, unknown>>

function allows({ pattern, enum: values, minimum }: Schema, value: unknown): boolean {
  if (pattern !== undefined && !new RegExp(pattern, 'u').test(value as string)) return false
  if (values && !values.includes(value as string)) return false
  return minimum === undefined || (value as number) >= minimum
}

/** A whole number is both a `number` and an `integer`, so the result depends on the wanted type. */
function typeOf(value: JsonNode['value'], wanted: string): string {
  if (value === null) return 'null'
  if (value instanceof Map) return 'object'
  if (isList(value)) return 'array'
  return wanted === 'integer' && Number.isInteger(value) ? 'integer' : typeof value
}

function isList(value: JsonNode['value']): value is readonly JsonNode[] {
  return Array.isArray(value)
}

function shown(value: JsonNode['value']): string {
  if (value instanceof Map) return 'an object'
  if (isList(value)) return 'a list'
  // A password in an address must not appear in the log.
  const text = JSON.stringify(value).replace(/\/\/.*@/, '//***@')
  return text.length <= 100 ? text : `${text.slice(0, 100)}…`
}
