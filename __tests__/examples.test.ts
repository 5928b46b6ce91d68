import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { bundle } from './support/cli.ts'

// Whether users' workflows name inputs and outputs that there are. script/e2e runs them.

const repository = join(dirname(fileURLToPath(import.meta.url)), '..')
const examples = readdirSync(join(repository, 'examples')).filter((name) => name.endsWith('.yml'))
const action = 'uses: org/xenserver-ddk-action@v1'

// actionlint knows the inputs and outputs of a repository's own actions.
const actionlint = (...args: string[]) =>
  spawnSync(join(repository, 'script/lib/actionlint.sh'), args, { cwd: project, encoding: 'utf8', timeout: 110_000 })

let project = ''
let missing = false
beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'xenserver-ddk-examples-'))
  mkdirSync(join(project, '.git'))
  mkdirSync(join(project, '.github/workflows'), { recursive: true })
  copyFileSync(join(repository, 'action.yml'), join(project, 'action.yml'))
  bundle(join(project, 'dist'))
  missing = actionlint('--version').status === 3
  if (missing) console.log('Go is missing, so that there is no actionlint: the examples were not checked')
})
afterAll(() => rmSync(project, { recursive: true, force: true }))

/** What is wrong with a workflow that is in the action's own repository. */
function complaints(name: string, workflow: string): string {
  const file = join(project, '.github/workflows', name)
  writeFileSync(file, workflow.replaceAll(action, 'uses: ./'))
  const { status, stdout, stderr } = actionlint('-oneline', file)
  return status === 0 ? '' : stdout + stderr
}

const read = (name: string) => readFileSync(join(repository, 'examples', name), 'utf8')

describe('examples', () => {
  test.each(examples)('%s uses inputs and outputs that there are', (name) => {
    expect(read(name)).toContain(action)
    if (!missing) expect(complaints(name, read(name))).toBe('')
  })

  test("the README's workflow uses inputs and outputs that there are", () => {
    const [workflow] = [...read('../README.md').matchAll(/^```yaml\n(.*?)^```/gms)].map(([, text]) => text!)
    expect(workflow).toContain(action)
    if (!missing) expect(complaints('readme.yml', workflow!)).toBe('')
  })

  test('an unknown input or output would be found', () => {
    if (missing) return
    const workflow = read('driver.yml')
    expect(complaints('input.yml', workflow.replace('iso:', 'isoo:'))).toContain('input "isoo" is not defined in action')
    expect(complaints('output.yml', workflow.replace('outputs.kernel-version', 'outputs.kernel'))).toContain(
      'property "kernel" is not defined',
    )
  })

  test('each has its line in the README', () => {
    const linked = [...read('README.md').matchAll(/^\| \[(.+?)\]/gm)].map(([, name]) => name)
    expect(linked.sort()).toEqual([...examples].sort())
  })
})

// A variable that isn't set is an empty checksum, which would pin nothing.
test.each(examples)('%s refuses any other ISO if it pins one', (name) => {
  const pins = /^ *iso-sha256: \$\{\{/m.test(read(name))
  expect(!pins || read(name).includes('require-checksum: true')).toBe(true)
})

test.each([...examples, '../README.md'])('%s leaves no token in the workspace, which builds in the DDK can read', (name) => {
  const checkouts = [...read(name).matchAll(/^( *)- uses: actions\/checkout@.*\n((?:\1 .*\n)*)/gm)]
  expect(checkouts.filter(([, , rest]) => !rest!.includes('persist-credentials: false'))).toEqual([])
})
