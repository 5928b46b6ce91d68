import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { parsePackages } from '../../src/sbom/rpm-output.ts'
import { packageList } from '../../src/sbom/rpm-package.ts'
import { sh } from '../support/tools.ts'

// What docs/sbom.md tells its readers to type.

const document = readFileSync('docs/sbom.md', 'utf8')
const [both] = [...document.matchAll(/^```sh\n(.*?)^```/gms)].map(([, text]) => text!)
const onlyNew = /`(LC_ALL=C comm [^`]*)`/.exec(document)![1]!

const list = (...packages: [name: string, version: string, epoch?: string][]) =>
  packageList(parsePackages(packages.map(([name, version, epoch = '']) => `${name}\t${epoch}\t${version}\t1\tnoarch\t\t\n`).join('')))

test('two lists are compared as the document says', () => {
  const dir = mkdtempSync(join(tmpdir(), 'ddk-lists-'))
  try {
    const lists = {
      old: list(['a', '1'], ['B', '1'], ['a-b', '1'], ['gone', '1']),
      new: list(['a', '2'], ['B', '1'], ['a-b', '1', '1'], ['Added', '1']),
    }
    for (const [name, text] of Object.entries(lists)) {
      mkdirSync(join(dir, name))
      writeFileSync(join(dir, name, 'packages.txt'), text)
    }
    const added = ['Added-0:1-1.noarch', 'a-0:2-1.noarch', 'a-b-1:1-1.noarch']
    const removed = ['a-0:1-1.noarch', 'a-b-0:1-1.noarch', 'gone-0:1-1.noarch']
    const lines = sh(both!, { cwd: dir }).trimEnd().split('\n')
    expect(lines.toSorted()).toEqual([...added.map((name) => `\t${name}`), ...removed])
    expect(sh(onlyNew, { cwd: dir })).toBe(added.map((name) => `${name}\n`).join(''))
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})
