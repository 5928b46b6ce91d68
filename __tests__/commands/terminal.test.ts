import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { makeDdkIso } from '../fixtures/ddk-iso.ts'
import { inTerminal, redraw, type Terminal } from '../support/terminal.ts'
import { run } from '../support/tools.ts'

// What people see in a terminal while a command works.

let dir = ''
let iso = ''
const at = (name: string) => join(dir, name)
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-terminal-'))
  iso = at('small.iso')
  await makeDdkIso({ iso })
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const command = `'${process.execPath}' src/cli.ts`
const end = ({ ended }: Terminal) => ended()
/** The first line that is there instead of the bar. */
const lineAfterBar = (output: string) => output.split(redraw).at(-1)!.split('\r\n')[0]

/** Writes a disk to a pipe that nobody reads until a line is typed. So the terminal goes on to show that it is written. */
const stalled = () => `${command} raw '${iso}' -o - | { read -r _ < /dev/tty; cat; } > '${at('disk')}'`
/** The first state, and one that is drawn by the thread. */
const twice = (text: string) => new RegExp(`${text}.*${text}`, 's')

test.each([80, 40])('in %i columns, each state of the bar fits into a line, and nothing of it remains', (columns) =>
  inTerminal(stalled(), { columns }, async ({ untilShown, type, ended }) => {
    await untilShown(twice('Writing the disk'))
    type('\n')
    const { code, output } = await ended()
    expect(code).toBe(0)
    const states = output.split(redraw).map((text) => stripVTControlCharacters(text))
    expect(states.filter((state) => state.trim().length >= columns)).toEqual([])
    expect(states[1]).toMatch(/^Reading the disk, \d\.\d s$/)
    expect(states.find((state) => state.startsWith('Writing'))).toMatch(/^Writing the disk (\[>? *\])? {1,3}0 %/)
    expect(states.at(-1)).toBe('')
    run('test', ['-s', at('disk')])
  }),
)

test.each([
  ['coloured', {}, true],
  ['not coloured with NO_COLOR', { NO_COLOR: '1' }, false],
])('the bar is %s', (_, env, coloured) =>
  inTerminal(stalled(), { env }, async ({ untilShown, type, ended }) => {
    await untilShown(twice('Writing the disk \\['))
    type('\n')
    expect((await ended()).output.includes('\x1b[36m')).toBe(coloured)
  }),
)

test('a dumb terminal gets lines', async () => {
  const ended = await inTerminal(`${command} raw '${iso}' -o '${at('dumb')}'`, { env: { TERM: 'dumb' } }, end)
  expect(ended).toEqual({ code: 0, output: 'Reading the disk ...\r\nWriting the disk ...\r\n' })
})

test('Ctrl-C leaves one sentence instead of the bar, and nothing else', () =>
  inTerminal(`sleep 1000 | ${command} convert - -o '${at('image.tar')}' --temp-dir '${dir}'`, {}, async (terminal) => {
    await terminal.untilShown(twice('Waiting for standard input'))
    terminal.type('\x03')
    const { code, output } = await terminal.ended()
    expect([code, lineAfterBar(output)]).toEqual([1, 'xenserver-ddk: stopped by SIGINT'])
    expect([existsSync(at('image.tar')), readdirSync(dir).filter((name) => name.includes('xenserver-ddk-'))]).toEqual([false, []])
  }))

test('the list shows by itself how far it is: the bar is gone before its first line', async () => {
  const { code, output } = await inTerminal(`${command} list '${iso}'`, {}, end)
  const list = output.split(redraw).at(-1)!
  expect([code, output.startsWith(redraw)]).toEqual([0, true])
  expect(list).toMatch(/^(dir|file|symlink) +\d{4} /)
  expect(list.trim().split('\r\n').length).toBeGreaterThan(5)
})

test('an error replaces the bar', async () => {
  const { code, output } = await inTerminal(`${command} list '${at('none.iso')}'`, {}, end)
  expect([code, lineAfterBar(output)]).toEqual([6, `xenserver-ddk: ${at('none.iso')}: there is no such file`])
})

test('standard input that is a terminal is refused', async () => {
  const output = 'xenserver-ddk: standard input is a terminal; give the name of a file, or redirect one to it\r\n'
  expect(await inTerminal(`${command} inspect -`, {}, end)).toEqual({ code: 2, output })
})
