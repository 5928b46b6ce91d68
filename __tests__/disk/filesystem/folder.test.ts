import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { DiskError } from '../../../src/bytes/errors.ts'
import { openFolder } from '../../../src/disk/filesystem/folder.ts'
import { walk } from '../../../src/disk/filesystem/tree.ts'
import { listOf } from '../../support/filesystem.ts'
import { sh, walkMounted, withTempDir } from '../../support/tools.ts'

test('a folder is read as the kernel shows it', () =>
  withTempDir((dir) => {
    sh('mkdir -p a/b "c d" && echo one > a/one && ln a/one a/b/two && ln -s ../a c\\ d/link && mkfifo fifo && chmod 4711 a/one', {
      cwd: dir,
    })
    sh("touch $'\\xff' && chmod 1777 a && touch -d '1969-12-31T23:59:58.25Z' a/b", { cwd: dir })
    const folder = openFolder(dir)
    const ours = listOf(folder).map((entry) => ({ ...entry, ino: 0 }))
    expect(ours).toEqual(walkMounted(dir).map((entry) => ({ ...entry, ino: 0 })))
    const inos = new Map([...walk(folder)].map(({ path, node }) => [path.toString(), node.ino]))
    expect(inos.get('a/one')).toBe(inos.get('a/b/two'))
    expect(new Set(inos.values()).size).toBe(inos.size - 1)
    folder.close()
  }))

test('its files have file descriptors', () =>
  withTempDir((dir) => {
    writeFileSync(`${dir}/file`, 'content')
    const folder = openFolder(dir)
    const [entry] = folder.entries(folder.root)
    expect(entry!.node().content().runs).toEqual([{ fd: expect.any(Number), offset: 0, length: 7 }])
    folder.close()
  }))

test('something other than a folder, and a missing one, are reported', () =>
  withTempDir((dir) => {
    writeFileSync(`${dir}/file`, '')
    expect(() => openFolder(`${dir}/file`)).toThrow(`${dir}/file: it is not a folder`)
    expect(() => openFolder(`${dir}/none`)).toThrow(DiskError)
    mkdirSync(`${dir}/sub`)
    symlinkSync('sub', `${dir}/link`)
    const folder = openFolder(`${dir}/link`)
    expect([...folder.entries(folder.root)]).toEqual([])
    sh('rmdir sub', { cwd: dir })
    expect(() => [...folder.entries(folder.root)]).toThrow(/link: there is no such file/)
  }))
