import { type Node, nodesOf, parsed } from './syntax.ts'

/** One small change of a source file, which a test should notice. */
export interface Mutant {
  /** Path from the repository's root. */
  readonly file: string
  /** Counted from 1. */
  readonly line: number
  /** The part of the text that is replaced, in UTF-16 units. */
  readonly start: number
  readonly end: number
  /** What is written instead. */
  readonly text: string
  /** Start of the statement or function body that holds it: see `nodesOf`. If that doesn't run, the change makes no difference. */
  readonly from: number
  /** Both as they are shown: with the expression around them, if they are only a part of one. */
  readonly before: string
  readonly after: string
}

/** What to write instead of a part of the text. Parentheses around a node aren't part of it, so they stay. */
interface Change {
  readonly of: { readonly start: number; readonly end: number }
  readonly by: string
  /** The expression to show. */
  readonly within?: Node
  /** Whether the part is the body of a function, which needn't run if the statement around it does. */
  readonly isBody?: boolean
}

type Operator = (node: Node, source: string) => Change[]

const otherOperators: Readonly<Record<string, string>> = {
  '===': '!==',
  '!==': '===',
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '+': '-',
  '-': '+',
  '*': '/',
  '/': '*',
  '%': '*',
  '&&': '||',
  '||': '&&',
  '??': '&&',
  '&': '|',
  '|': '&',
  '<<': '>>',
}

/** An empty name means that the call is left out. */
const otherMethods: Readonly<Record<string, string>> = {
  every: 'some',
  some: 'every',
  startsWith: 'endsWith',
  endsWith: 'startsWith',
  min: 'max',
  max: 'min',
  filter: '',
  reverse: '',
  slice: '',
  sort: '',
  toLowerCase: '',
  toUpperCase: '',
  trim: '',
  trimEnd: '',
}

const both = (of: unknown): Change[] => ['true', 'false'].map((by) => ({ of: of as Node, by }))

const isText = ({ type }: Node) => type === 'StringLiteral' || type === 'TemplateLiteral'

function infix(node: Node, source: string): Change[] {
  const [left, right] = [node.left as Node, node.right as Node]
  const operator = node.operator as string
  const other = otherOperators[operator]
  if (other === undefined || (operator === '+' && (isText(left) || isText(right)))) return []
  const start = source.indexOf(operator, left.end)
  return [{ of: { start, end: start + operator.length }, by: other, within: node }]
}

function withoutCall({ expression }: Node): boolean {
  const { type, argument } = expression as Node
  return /^(Optional)?CallExpression$/.test(type === 'AwaitExpression' ? (argument as Node).type : type)
}

function otherCall(node: Node, source: string): Change[] {
  const { type, property, computed } = node.callee as Node
  if (type !== 'MemberExpression' || computed) return []
  const other = otherMethods[(property as Node).name as string]
  if (other === undefined) return []
  const { start } = property as Node
  if (other !== '') return [{ of: property as Node, by: other, within: node }]
  return [{ of: { start: source.lastIndexOf('.', start), end: node.end }, by: '', within: node }]
}

function otherBody(node: Node): Change[] {
  const { type, body } = node.body as Node
  const isBody = true
  if (type === 'BlockStatement') return (body as Node[]).length === 0 ? [] : [{ of: node.body as Node, by: '{}', isBody }]
  return node.type === 'ArrowFunctionExpression' ? [{ of: node.body as Node, by: 'undefined', isBody }] : []
}

const operators: Readonly<Record<string, Operator>> = {
  IfStatement: ({ test }) => both(test),
  ConditionalExpression: ({ test }) => both(test),
  WhileStatement: ({ test }) => [{ of: test as Node, by: 'false' }],
  BinaryExpression: infix,
  LogicalExpression: infix,
  UnaryExpression: (node) => (node.operator === '!' ? [{ of: { start: node.start, end: node.start + 1 }, by: '', within: node }] : []),
  BooleanLiteral: (node) => [{ of: node, by: String(!node.value) }],
  StringLiteral: (node) => [{ of: node, by: node.value === '' ? "'mutant'" : "''" }],
  TemplateLiteral: (node) => [{ of: node, by: '``' }],
  // A number in octal is a file's mode: others may read it.
  NumericLiteral: (node, source) => [
    {
      of: node,
      by: source.startsWith('0o', node.start) ? `0o${((node.value as number) | 0o044).toString(8)}` : String((node.value as number) + 1),
    },
  ],
  ArrayExpression: (node) => ((node.elements as Node[]).length === 0 ? [] : [{ of: node, by: '[]' }]),
  ObjectExpression: (node) => ((node.properties as Node[]).length === 0 ? [] : [{ of: node, by: '{}' }]),
  AwaitExpression: (node) => [{ of: { start: node.start, end: node.start + 'await '.length }, by: '', within: node }],
  ExpressionStatement: (node) => (withoutCall(node) ? [{ of: node, by: '{}' }] : []),
  CallExpression: otherCall,
  FunctionDeclaration: otherBody,
  ObjectMethod: otherBody,
  ClassMethod: otherBody,
  ArrowFunctionExpression: otherBody,
}

/** All mutants of a file, in the order of its text. Those that couldn't be parsed are none. */
export function mutantsOf(file: string, source: string): Mutant[] {
  const mutants = new Map<string, Mutant>()
  for (const { node, from } of nodesOf(source)) {
    for (const change of operators[node.type]?.(node, source) ?? []) {
      const mutant = mutantOf(file, source, change, from)
      if (mutant.before === mutant.after || !isProgram(mutated(source, mutant))) continue
      mutants.set(`${mutant.start} ${mutant.end} ${mutant.text}`, mutant)
    }
  }
  return [...mutants.values()].sort((a, b) => a.start - b.start || a.end - b.end || (a.text < b.text ? -1 : 1))
}

function mutantOf(file: string, source: string, { of, by, within, isBody }: Change, around: number): Mutant {
  const { start, end } = of
  const shown = within ?? of
  const [head, tail] = [source.slice(shown.start, start), source.slice(end, shown.end)]
  const line = source.slice(0, start).split('\n').length
  const from = isBody ? start : around
  return { file, line, start, end, text: by, from, before: head + source.slice(start, end) + tail, after: head + by + tail }
}

/** The text of a file with one change. */
export function mutated(source: string, { start, end, text }: Mutant): string {
  return source.slice(0, start) + text + source.slice(end)
}

function isProgram(source: string): boolean {
  try {
    parsed(source)
    return true
  } catch {
    return false
  }
}
