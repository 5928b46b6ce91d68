import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { append, newFile, partOf, writeWhole } from '../../src/host/new-file.ts'

let dir = ''
const at = (name: string) => join(dir, name)
const there = () => readdirSync(dir).sort()
beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'xenserver-ddk-new-file-')))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

/** Another process that has begun the file, and waits. */
async function begunByAnother(name: string) {
  const module = fileURLToPath(new URL('../../src/host/new-file.ts', import.meta.url))
  const script = `const { newFile, append } = await import(${JSON.stringify(module)})
    append(newFile(${JSON.stringify(at(name))}), Buffer.from('half'))
    console.log('begun')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  return {
    async kill() {
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

describe("a file's remains", () => {
  test('by a killed process is removed when the file is begun again; what another one is writing is not', async () => {
    const [first, second] = [await begunByAnother('image.tar'), await begunByAnother('image.tar')]
    const other = await begunByAnother('other.tar')
    await Promise.all([first.kill(), other.kill()])
    expect(there()).toHaveLength(3)
    const file = newFile(at('image.tar'))
    expect(there().map((name) => /^(\w+\.tar)\..*\.part$/.exec(name)?.[1])).toEqual(['image.tar', 'image.tar', 'other.tar'])
    file.keep()
    await second.kill()
    writeWhole(at('image.tar'), 'whole')
    writeWhole(at('other.tar'), 'whole')
    expect(there()).toEqual(['image.tar', 'other.tar'])
  })

  test('by a process that can not be seen from here is removed after an hour', () => {
    const [, boot, rest] = /\.([^.-]*)-([^.]*)\.part$/.exec(partOf(at('x')))!
    const elsewhere = [`x.${boot}-1-${rest!.split('-').slice(1).join('-')}.part`, `x.0a-${rest}.part`]
    for (const name of elsewhere) writeFileSync(at(name), '')
    writeWhole(at('x'), '')
    expect(there()).toEqual(['x', ...elsewhere].sort())
    const before = new Date(Date.now() - 3601_000)
    for (const name of elsewhere) utimesSync(at(name), before, before)
    writeWhole(at('x'), '')
    expect(there()).toEqual(['x'])
  })

  test('stays if it is not of this kind, and a link or a folder is not followed', () => {
    const dead = '0a-1-999999999-1-00000000'
    mkdirSync(at('kept'))
    writeFileSync(at('kept/file'), '')
    symlinkSync('kept', at(`x.${dead}.part`))
    mkdirSync(at(`y.${dead}.part`))
    const others = ['x.part', 'x.1.part', 'x.tar', `x.${dead}`, `xy.${dead}.part`]
    for (const name of others) writeFileSync(at(name), '')
    utimesSync(at('kept'), 0, 0)
    utimesSync(at(`y.${dead}.part`), 0, 0)
    writeWhole(at('x'), '')
    writeWhole(at('y'), '')
    expect(there()).toEqual([...others, 'kept', 'x', 'y', `y.${dead}.part`].sort())
    expect(readdirSync(at('kept'))).toEqual(['file'])
  })
})

describe('a name that leads elsewhere by now', () => {
  test.each<[string, () => void]>([
    ['to another file', () => symlinkSync('precious', at('image.tar'))],
    ['to a device', () => symlinkSync('/dev/null', at('image.tar'))],
    ['to a folder', () => mkdirSync(at('image.tar'))],
    [
      'by its folder',
      () => {
        renameSync(dir, `${dir}.moved`)
        symlinkSync(`${dir}.moved`, dir)
      },
    ],
  ])('%s is not changed', (_title, swap) => {
    writeFileSync(at('precious'), 'precious')
    const file = newFile(at('image.tar'))
    append(file, Buffer.from('whole'))
    swap()
    expect(() => file.keep()).toThrow(new RegExp(`^${at('image.tar')}: (it leads|it is a folder)`))
    file.discard()
    expect(readFileSync(at('precious'), 'utf8')).toBe('precious')
    expect(there().filter((name) => name.endsWith('.part'))).toEqual([])
    rmSync(`${dir}.moved`, { recursive: true, force: true })
  })
})
