import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { type TarMember, tarHeader, ustarHeader } from '../../../src/image/tar/header.ts'
import { run, withTempDir } from '../../support/tools.ts'

const member = (fields: Partial<TarMember> = {}): TarMember => ({
  path: Buffer.from('f'),
  type: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: 0,
  mtime: 0,
  ...fields,
})

/** What Python makes of headers without content: path and link target in hexadecimal, then the attributes. */
function read(headers: Buffer[]): Promise<[string, string, Record<string, string>][]> {
  return withTempDir((dir) => {
    writeFileSync(join(dir, 'a.tar'), Buffer.concat([...headers, Buffer.alloc(1024)]))
    const python = `
import json, tarfile
hex = lambda text: text.encode('utf-8', 'surrogateescape').hex()
for m in tarfile.open('a.tar', encoding='utf-8', errors='surrogateescape'):
    print(json.dumps([hex(m.name), hex(m.linkname), {k: hex(v) for k, v in m.pax_headers.items() if k.startswith('SCHILY')}]))`
    const lines = run('python3', ['-c', python], { cwd: dir }).trim().split('\n')
    return lines.map((line) => JSON.parse(line) as [string, string, Record<string, string>])
  })
}

test('records around every length at which their own length gets a digit more', async () => {
  const lengths = [
    ...Array(120).keys(),
    ...Array.from({ length: 60 }, (_, index) => 940 + index),
    ...Array.from({ length: 60 }, (_, index) => 9940 + index),
  ]
  const value = (length: number) => Buffer.alloc(length, 'x\n=')
  const headers = lengths.map((length) =>
    tarHeader(member({ path: Buffer.from(`f${length}`), xattrs: [[Buffer.from('user.a'), value(length)]] })),
  )
  for (const header of headers) expect(header.length % 512).toBe(0)
  const found = await read(headers)
  expect(found.map(([, , xattrs]) => xattrs)).toEqual(lengths.map((length) => ({ 'SCHILY.xattr.user.a': value(length).toString('hex') })))
})

test('paths of every length and shape, in fields and in records', async () => {
  const paths: Buffer[] = []
  for (const length of [1, 50, 99, 100, 101, 102, 154, 155, 156, 157, 200, 254, 255, 256, 257, 300, 4000]) {
    for (const slash of [1, 50, 99, 100, 101, 153, 154, 155, 156, 157, length - 2, length - 100, length - 101, length - 102]) {
      if (slash <= 0 || slash >= length - 1) continue
      const path = Buffer.alloc(length, 'a\xe9', 'latin1')
      path[slash] = 0x2f
      path[length - 1] = 0x62
      paths.push(path)
    }
  }
  const found = await read(paths.map((path) => tarHeader(member({ path, type: 'symlink', linkname: path }))))
  expect(found.map(([name, target]) => [name, target])).toEqual(paths.map((path) => [path.toString('hex'), path.toString('hex')]))
  const dirs = paths.map((path) => Buffer.concat([path, Buffer.from('/')]))
  expect((await read(dirs.map((path) => tarHeader(member({ path, type: 'dir' }))))).map(([name]) => name)).toEqual(
    paths.map((path) => path.toString('hex')),
  )
})

test('a member of more than 8 GiB in one block', () =>
  withTempDir((dir) => {
    writeFileSync(join(dir, 'header'), ustarHeader(member({ size: 9 * 2 ** 40 + 3 })))
    const python = `import tarfile; print(tarfile.TarInfo.frombuf(open('header', 'rb').read(), 'utf-8', 'strict').size)`
    expect(run('python3', ['-c', python], { cwd: dir }).trim()).toBe(String(9 * 2 ** 40 + 3))
  }))
