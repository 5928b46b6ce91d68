import { parse } from '@babel/parser'

/** A node of the syntax tree, as @babel/parser has it. */
export interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [field: string]: unknown
}

/** How a part of a program that runs as a whole, or up to some place in it, stands among others. `alone` is one that an `if` or a loop has without braces. */
export type Standing = 'block' | 'listed' | 'alone' | 'expression'

export interface Found {
  readonly node: Node
  /** Where the innermost statement or function body begins that holds the node, or is it. */
  readonly from: number
  /** If the node is one itself. */
  readonly standing: Standing | undefined
}

/** Types disappear before the program runs, and another module's name only ends it. */
const leftOut = /^(TS(?!AsExpression|SatisfiesExpression|NonNullExpression).*|Import.*|ExportAllDeclaration)$/
const leftOutFields = ['typeAnnotation', 'returnType', 'typeParameters', 'typeArguments', 'source', 'loc']

/** @throws SyntaxError */
export function parsed(source: string): Node {
  return parse(source, { sourceType: 'module', plugins: ['typescript'] }).program as unknown as Node
}

/** The nodes that belong to the program, each before those in it. */
export function nodesOf(source: string): Generator<Found> {
  return nodesIn({ node: parsed(source), from: 0, standing: undefined })
}

function* nodesIn(found: Found): Generator<Found> {
  const { node, from } = found
  if (leftOut.test(node.type)) return
  yield found
  for (const [field, value] of Object.entries(node)) {
    const isName = field === 'key' && !node.computed
    if (leftOutFields.includes(field) || isName) continue
    for (const child of Array.isArray(value) ? value : [value]) {
      if (!isNode(child)) continue
      const standing = standingOf(child, node.type, field, Array.isArray(value))
      yield* nodesIn({ node: child, from: standing ? child.start : from, standing })
    }
  }
}

function standingOf({ type }: Node, parent: string, field: string, isListed: boolean): Standing | undefined {
  // Labels of a `switch` are read although their statements don't run, and a loop must stay beside its own label.
  if (!/^(body|consequent|alternate)$/.test(field) || parent === 'LabeledStatement') return undefined
  if (type === 'BlockStatement') return 'block'
  if (parent === 'ArrowFunctionExpression') return 'expression'
  if (!/(Statement|Declaration)$/.test(type)) return undefined
  return isListed ? 'listed' : 'alone'
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Partial<Node>).type === 'string'
}
