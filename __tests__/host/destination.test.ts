import { mkdirSync, mkdtempSync, readFileSync, readlinkSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { destinationOf } from '../../src/host/destination.ts'
import { newFile } from '../../src/host/new-file.ts'
import { run } from '../support/tools.ts'

let dir = ''
const at = (name: string) => join(dir, name)
beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'xenserver-ddk-destination-')))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

/** Only where a file would go is asked here: nothing is written. */
describe('below the folders of devices nothing is written', () => {
  const nothing = (folder: string) =>
    `nothing is written below ${folder}, where the kernel's devices are; give the name of a file elsewhere`
  test.each([
    ['/dev/stdout', '/dev'],
    ['/dev/xenserver-ddk-test', '/dev'],
    ['/dev/fd/x/new/image.tar', '/dev'],
    ['/dev/shm', '/dev'],
    ['/dev/shmem/image.tar', '/dev'],
    ['/dev/shm/../stdout', '/dev'],
    ['/dev', '/dev'],
    ['/proc/self/fd/1', '/proc'],
    ['/sys/x', '/sys'],
    ['/tmp/../dev/stdout', '/dev'],
  ])('%s', (path, folder) => expect(() => destinationOf(path)).toThrow(new Error(`${path}: ${nothing(folder)}`)))

  test('by a link', () => {
    symlinkSync('/dev/stdout', at('link'))
    symlinkSync('link', at('link to link'))
    for (const name of ['link', 'link to link'])
      expect(() => destinationOf(at(name))).toThrow(new Error(`${at(name)}: it leads to /dev/stdout, and ${nothing('/dev')}`))
  })
  test('by the link of a folder', () => {
    symlinkSync('/dev', at('devices'))
    expect(() => destinationOf(at('devices/new/image.tar'))).toThrow(`it leads to /dev/new/image.tar, and ${nothing('/dev')}`)
  })
  test.each(['/dev/shm/xenserver-ddk-test/image.tar', '/device/image.tar', '/home/dev/image.tar', '/processes'])(
    '%s is another place',
    (path) => {
      expect(destinationOf(path)).toBe(path)
    },
  )
})

describe('a link', () => {
  test('is written through, and stays', () => {
    mkdirSync(at('elsewhere'))
    writeFileSync(at('elsewhere/file'), 'old')
    symlinkSync('elsewhere/file', at('link'))
    const file = newFile(at('link'))
    expect(readFileSync(at('elsewhere/file'), 'utf8')).toBe('old')
    file.keep()
    expect([readlinkSync(at('link')), readFileSync(at('elsewhere/file'), 'utf8'), run('ls', [dir, at('elsewhere')])]).toEqual([
      'elsewhere/file',
      '',
      `${dir}:\nelsewhere\nlink\n\n${at('elsewhere')}:\nfile\n`,
    ])
  })
  test('to nothing is refused', () => {
    symlinkSync('nowhere', at('link'))
    expect(() => newFile(at('link'))).toThrow(`${at('link')}: it is a link to ${at('nowhere')}, where nothing is`)
  })
  test('to itself is refused', () => {
    symlinkSync('link', at('link'))
    expect(() => newFile(at('link'))).toThrow(`${at('link')}: it is a link to itself`)
  })
  test('to a folder is refused', () => {
    symlinkSync('.', at('link'))
    expect(() => newFile(at('link'))).toThrow(`${at('link')}: it is a folder; give the name of a file`)
  })
  test('of a folder is followed', () => {
    mkdirSync(at('folder'))
    symlinkSync('folder', at('link'))
    expect(destinationOf(at('link/new/image.tar'))).toBe(at('folder/new/image.tar'))
  })
})

test('something other than a folder is reported in a sentence', () => {
  writeFileSync(at('file'), '')
  expect(() => destinationOf(at('file/image.tar'))).toThrow(`${at('file/image.tar')}: a part of this path is a file, not a folder`)
})

test('a path that ends like a folder names no file', () => {
  expect(() => destinationOf(at('new/'))).toThrow(`${at('new/')}: it names a folder; give the name of a file`)
  expect(destinationOf(at('new/'), 'folder')).toBe(at('new'))
})
