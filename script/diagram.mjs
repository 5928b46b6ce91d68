// Draws docs/images/architecture-light.svg and architecture-dark.svg from the table of allowed imports and the descriptions in
// docs/architecture.md. With --check, fails instead if they aren't in step.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import dagre from '@dagrejs/dagre'
import { layers } from '../__tests__/layers.ts'

const palettes = {
  light: { text: '#1f2328', quiet: '#59636e', card: '#f6f8fa', border: '#d1d9e0', edge: '#818b98', top: '#ddf4ff' },
  dark: { text: '#f0f6fc', quiet: '#9198a1', card: '#151b23', border: '#3d444d', edge: '#656c76', top: '#121d2f' },
}
const card = { width: 212, padding: 12, lineHeight: 15, letters: 27 }
const margin = 16
/** The files on top of src/, which may import all rooms. */
const programs = 'main.ts · post.ts · cli.ts'

const rooms = outerRooms()
const graph = laidOut()
for (const [name, palette] of Object.entries(palettes)) output(`docs/images/architecture-${name}.svg`, svg(palette))

/** Outer rooms by name, with the rooms in them and what they may import. A room that is within another one isn't drawn by itself. */
function outerRooms() {
  const outer = new Map()
  for (const [room, allowed] of Object.entries(layers)) {
    const [name, inner] = room.split('/')
    const { inside, imports } = outer.get(name) ?? outer.set(name, { inside: [], imports: new Set() }).get(name)
    if (inner) inside.push(inner)
    for (const other of allowed.split(' ').filter(Boolean)) if (other.split('/')[0] !== name) imports.add(other.split('/')[0])
  }
  return outer
}

/** Everything that a room may import by way of others. */
function below(name) {
  const { imports } = rooms.get(name)
  return new Set([...imports].flatMap((other) => [...rooms.get(other).imports, ...below(other)]))
}

function laidOut() {
  const layout = new dagre.graphlib.Graph()
  layout.setGraph({ rankdir: 'TB', ranksep: 44, nodesep: 24, marginx: margin, marginy: margin, ranker: 'longest-path' })
  layout.setDefaultEdgeLabel(() => ({}))
  const imported = new Set()
  for (const [name, { imports, inside }] of rooms) {
    layout.setNode(name, cardOf(name, inside))
    // An arrow that others imply would hide those that matter.
    const implied = below(name)
    for (const other of imports) {
      imported.add(other)
      if (!implied.has(other)) layout.setEdge(name, other)
    }
  }
  layout.setNode(programs, cardOf(programs, []))
  for (const name of rooms.keys()) if (!imported.has(name)) layout.setEdge(programs, name)
  dagre.layout(layout)
  return layout
}

function cardOf(name, inside) {
  const description = wrapped(descriptionOf(name).split(' '), ' ')
  const names = wrapped(inside, ' · ')
  return {
    name,
    description,
    names,
    width: card.width,
    height: card.padding * 2 + card.lineHeight * (1 + description.length + names.length),
  }
}

/** What docs/architecture.md says about a folder or a file, up to its first semicolon or colon. */
function descriptionOf(name) {
  if (name === programs) return 'the action, its post step, and the command line'
  const found = new RegExp(`src/${name}(?:/ +|/ | +)(.+)`).exec(readFileSync('docs/architecture.md', 'utf8'))
  if (!found) throw new Error(`docs/architecture.md has no line about src/${name}`)
  return found[1].split(/[;:]/)[0].trim()
}

/** Joins the words to lines that fit a card. */
function wrapped(words, separator) {
  const lines = []
  for (const word of words) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + separator.length + word.length <= card.letters)
      lines[lines.length - 1] = last + separator + word
    else lines.push(word)
  }
  return lines
}

function svg(palette) {
  const { width, height } = graph.graph()
  const edges = graph.edges().map((edge) => path(pointsOf(edge)))
  const nodes = graph.nodes().map((name) => drawn(graph.node(name), palette))
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${Math.ceil(width)} ${Math.ceil(height)}" font-family="-apple-system, 'Segoe UI', 'Noto Sans', Helvetica, Arial, sans-serif" font-size="12">
<title>The rooms of src/, each above those that it may import</title>
<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8Z" fill="${palette.edge}"/></marker></defs>
<g fill="none" stroke="${palette.edge}" stroke-width="1.2">
${edges.map((d) => `<path d="${d}" marker-end="url(#arrow)"/>`).join('\n')}
</g>
${nodes.join('\n')}
</svg>
`
}

/** From the bottom of one card to the top of another, straight down between the cards of the ranks that are passed. */
function pointsOf(edge) {
  const [from, to] = [graph.node(edge.v), graph.node(edge.w)]
  return [
    { x: portOf(edge, from, graph.outEdges(edge.v), (other) => passedBy(other)[0] ?? graph.node(other.w)), y: from.y + from.height / 2 },
    ...passedBy(edge).flatMap(({ x, y }) => [-1, 1].map((side) => ({ x, y: y + (side * rankHeight(y)) / 2 }))),
    { x: portOf(edge, to, graph.inEdges(edge.w), (other) => passedBy(other).at(-1) ?? graph.node(other.v)), y: to.y - to.height / 2 },
  ]
}

/** Where an edge passes other ranks. Only every second of the layout's points is in a rank; the others are between two. */
function passedBy(edge) {
  return graph
    .edge(edge)
    .points.slice(1, -1)
    .filter((_, index) => index % 2 === 1)
}

/** The place of an edge on a card's side. They are in the order of what they lead to, so that they don't cross. */
function portOf(edge, { x, width }, edges, end) {
  const sorted = edges.toSorted((a, b) => end(a).x - end(b).x)
  const index = sorted.findIndex(({ v, w }) => v === edge.v && w === edge.w)
  return x - width / 2 + (width * (index + 1)) / (sorted.length + 1)
}

function rankHeight(y) {
  const nodes = graph.nodes().map((name) => graph.node(name))
  return Math.max(...nodes.filter((node) => Math.abs(node.y - y) < 1).map(({ height }) => height))
}

/** A curve through the points that is vertical at each. */
function path(points) {
  const [first, ...rest] = points.map(({ x, y }) => ({ x: Math.round(x), y: Math.round(y) }))
  let from = first
  let d = `M${from.x} ${from.y}`
  for (const to of rest) {
    const middle = Math.round((from.y + to.y) / 2)
    d += to.x === from.x ? `V${to.y}` : `C${from.x} ${middle} ${to.x} ${middle} ${to.x} ${to.y}`
    from = to
  }
  return d
}

function drawn({ name, description, names, x, y, width, height }, palette) {
  const [left, top] = [Math.round(x - width / 2), Math.round(y - height / 2)]
  let baseline = top + card.padding + card.lineHeight - 3
  const text = (content, style) => {
    const element = `<text x="${left + card.padding}" y="${baseline}" ${style}>${escaped(content)}</text>`
    baseline += card.lineHeight
    return element
  }
  const suffix = rooms.has(name) && !name.endsWith('.ts') ? '/' : ''
  return [
    `<rect x="${left}" y="${top}" width="${width}" height="${height}" rx="8" fill="${rooms.has(name) ? palette.card : palette.top}" stroke="${palette.border}"/>`,
    text(name + suffix, `fill="${palette.text}" font-weight="600" font-size="13"`),
    ...description.map((line) => text(line, `fill="${palette.text}"`)),
    ...names.map((line) => text(line, `fill="${palette.quiet}"`)),
  ].join('\n')
}

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('`', '')
}

function output(file, content) {
  if (!process.argv.includes('--check')) {
    mkdirSync('docs/images', { recursive: true })
    writeFileSync(file, content)
  } else if (readFileSync(file, 'utf8') !== content) {
    console.error(`${file} isn't what script/diagram.mjs draws now; run 'npm run diagram' and commit it`)
    process.exitCode = 1
  }
}
