import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { DiskError } from '../../../src/bytes/errors.ts'
import { bytesAt } from '../../../src/bytes/source.ts'
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

test('any number of its files can be read with few descriptors', () =>
  withTempDir((dir) => {
    const names = Array.from({ length: 100 }, (_, index) => `file ${index}`)
    for (const name of names) writeFileSync(`${dir}/${name}`, name)
    const folder = openFolder(dir)
    const open = () => sh(`ls -l /proc/${process.pid}/fd`).split(`${dir}/`).length - 1
    const files = [...folder.entries(folder.root)].map(({ name, node }) => ({ name: name.toString(), content: node().content() }))
    expect(open()).toBe(0)
    for (let turn = 0; turn < 2; turn++) {
      for (const { name, content } of files) expect(bytesAt(content, 0, content.size).toString()).toBe(name)
      expect(open()).toBe(16)
    }
    folder.close()
    expect(open()).toBe(0)
  }))

test('a file whose name is not UTF-8 can be read', () =>
  withTempDir((dir) => {
    sh("printf content > $'\\xff'", { cwd: dir })
    const folder = openFolder(dir)
    const [entry] = folder.entries(folder.root)
    expect(bytesAt(entry!.node().content(), 0, 7).toString()).toBe('content')
    folder.close()
  }))

test.each([
  ['changed', 'echo other > file'],
  ['of another time', "touch -d '2001-01-01' file"],
  ['replaced by a pipe', 'rm file; mkfifo file'],
  ['replaced by a folder', 'rm file; mkdir file'],
])('a file that is %s before it is read', (_, change) =>
  withTempDir((dir) => {
    writeFileSync(`${dir}/file`, 'content')
    const folder = openFolder(dir)
    const [entry] = folder.entries(folder.root)
    const content = entry!.node().content()
    sh(change, { cwd: dir })
    expect(() => bytesAt(content, 0, 1)).toThrow(`${dir}/file: it can't be read: another process changed it while it was read`)
    folder.close()
  }),
)

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
