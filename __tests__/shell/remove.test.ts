import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { type InstalledShell, removeShell } from '../../src/shell/remove.ts'
import { callsOf, fakeDocker } from '../support/fake-docker.ts'
import { noMounts } from '../support/machine.ts'
import { unless } from '../support/skip.ts'
import { run } from '../support/tools.ts'

const environment = { ...process.env }
let dir = ''
let shell: Required<InstalledShell>
let said: string[] = []
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ddk-remove-'))
  process.env.PATH = `${dir}:${environment.PATH}`
  delete process.env.DOCKER_HOST
  const folder = join(dir, 'shells', 'ddk.sh')
  mkdirSync(join(folder, 'bin'), { recursive: true })
  const container = { engine: 'docker', name: 'xenserver-ddk-1', giveBack: ['/bin/sh', '-c', 'give'] }
  shell = { id: 'an-id', name: 'ddk.sh', folder, bin: join(folder, 'bin'), container }
  said = []
})
afterEach(() => {
  process.env = { ...environment }
  rmSync(dir, { recursive: true, force: true })
})

const remove = (which: InstalledShell = shell) => removeShell(which, (line) => said.push(line))
const found = 'case $1 in ps) echo the-first; echo the-second ;; esac'

test('files go back to the runner before each container is removed', async () => {
  fakeDocker(dir, found)
  await remove()
  expect(callsOf(dir)).toEqual([
    'ps --all --quiet --filter label=io.github.xenserver-ddk-action.shell=an-id',
    'exec --user 0:0 the-first /bin/sh -c give',
    'rm --force --volumes the-first',
    'exec --user 0:0 the-second /bin/sh -c give',
    'rm --force --volumes the-second',
  ])
  expect(said).toEqual(['Removed the container of ddk.sh', 'Removed the container of ddk.sh'])
})

test("nothing is run in a container whose files are the runner's already", async () => {
  fakeDocker(dir, found)
  await remove({ ...shell, container: { ...shell.container, giveBack: [] } })
  expect(callsOf(dir).map((call) => call.split(' ')[0])).toEqual(['ps', 'rm', 'rm'])
})

test('a shell without a container needs no engine', async () => {
  fakeDocker(dir)
  const { container: _none, ...refusing } = shell
  await remove(refusing)
  expect([callsOf(dir), existsSync(shell.folder)]).toEqual([[], false])
})

test('the folder of all shells goes with the last one', async () => {
  fakeDocker(dir)
  const other = { ...shell, folder: join(dir, 'shells', 'other.sh') }
  mkdirSync(other.folder)
  await remove()
  expect([existsSync(shell.folder), existsSync(other.folder)]).toEqual([false, true])
  await remove(other)
  expect(existsSync(join(dir, 'shells'))).toBe(false)
})

test.each(['No such container: x', 'removal of container x is already in progress'])(
  'a container that goes by itself: %s',
  async (reason) => {
    fakeDocker(dir, `case $1 in ps) echo x ;; rm) echo "Error: ${reason}" >&2; exit 1 ;; esac`)
    await remove()
    expect(said).toEqual([])
  },
)

test('what goes wrong is said, and the files are removed all the same', async () => {
  fakeDocker(dir, 'case $1 in ps) echo x ;; rm) echo "Error: device or resource busy" >&2; exit 1 ;; esac')
  await remove()
  expect(said).toEqual(["docker couldn't remove the container of ddk.sh: Error: device or resource busy"])
  expect(existsSync(shell.folder)).toBe(false)
  said = []
  fakeDocker(dir, 'echo "Error: no daemon" >&2; exit 1')
  await remove()
  expect(said).toEqual(["docker couldn't list the containers of ddk.sh: Error: no daemon"])
})

unless(noMounts).test('files that can not be removed are a line, and no failure', async () => {
  fakeDocker(dir)
  run('mount', ['-t', 'tmpfs', 'tmpfs', shell.bin])
  try {
    await remove()
    expect(said).toEqual([expect.stringMatching(/\/shells\/ddk\.sh\S*: it can't be removed \(resource busy or locked\)$/)])
  } finally {
    run('umount', [shell.bin])
  }
})

test('a container in which files are not given back in time is removed all the same', async () => {
  fakeDocker(dir, `case $1 in ps) echo x ;; exec) exec sleep 150 ;; esac`)
  await removeShell(shell, (line) => said.push(line), { deadlines: { greeting: 1, question: 30, change: 5 } })
  expect([said, callsOf(dir).at(-1)]).toEqual([['Removed the container of ddk.sh'], 'rm --force --volumes x'])
})

test('an engine that hangs has the time of a change to remove the container', async () => {
  fakeDocker(dir, 'case $1 in ps) echo x ;; rm) exec sleep 150 ;; esac')
  await removeShell(shell, (line) => said.push(line), { deadlines: { greeting: 1, question: 1, change: 2 } })
  expect(said).toEqual(["docker couldn't remove the container of ddk.sh: it didn't answer within 2 seconds"])
})
