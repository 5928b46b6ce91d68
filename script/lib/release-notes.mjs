// Prints the changelog's section of a version, as the notes of its release. release-notes.mjs VERSION
// Fails if package.json names another version, or the changelog has no such section.
import { readFileSync } from 'node:fs'

const [version] = process.argv.slice(2)
const { version: packaged } = JSON.parse(readFileSync('package.json', 'utf8'))
if (version !== packaged) fail(`package.json names version ${packaged}, not ${version}`)

const sections = readFileSync('CHANGELOG.md', 'utf8').split(/^(?=## )/m)
const section = sections.find((text) => text.startsWith(`## [${version}] - `))
if (section === undefined) fail(`CHANGELOG.md has no section "## [${version}] - DATE"`)
// The addresses of the headings stand below the last section.
console.log(
  section
    .split('\n')
    .slice(1)
    .filter((line) => !/^\[.+\]: /.test(line))
    .join('\n')
    .trim(),
)

function fail(message) {
  console.error(`release-notes: ${message}`)
  process.exit(1)
}
