// Writes the README's tables of inputs and outputs from action.yml. With --check, fails instead if they aren't in step.
import { readFileSync, writeFileSync } from 'node:fs'
import { parse } from 'yaml'

const action = parse(readFileSync('action.yml', 'utf8'))

const tables = {
  inputs: [
    '| input | default | description |',
    '|---|---|---|',
    ...Object.entries(action.inputs).map(([name, { default: value, description }]) => row(`\`${name}\``, code(value), linked(description))),
  ],
  outputs: [
    '| output | description |',
    '|---|---|',
    ...Object.entries(action.outputs).map(([name, { description }]) => row(`\`${name}\``, linked(description))),
  ],
}

const before = readFileSync('README.md', 'utf8')
const after = Object.entries(tables).reduce(withTable, before)
if (!process.argv.includes('--check')) {
  writeFileSync('README.md', after)
} else if (after !== before) {
  console.error("README.md: the tables of inputs and outputs aren't those of action.yml; run 'npm run readme' and commit it")
  process.exit(1)
}

/** Replaces what is between a table's two comments. */
function withTable(text, [name, lines]) {
  const [begin, end] = [`<!-- ${name} of action.yml, by npm run readme -->`, `<!-- end of ${name} -->`]
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from === -1 || to < from) throw new Error(`README.md lacks the comments "${begin}" and "${end}"`)
  return `${text.slice(0, from)}${begin}\n\n${lines.join('\n')}\n\n${text.slice(to)}`
}

function row(...cells) {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

function code(value) {
  return value === '' ? '' : `\`${value}\``
}

/** The names of documents become links. */
function linked(text) {
  return text.replace(/\bdocs\/[a-z-]+\.md/g, '[$&]($&)')
}
