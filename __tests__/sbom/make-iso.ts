import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeDdkIso } from '../fixtures/ddk-iso.ts'
import { makeSmallRoot } from '../fixtures/small-root.ts'
import { addRpm, installPackages } from './rpm-root.ts'

// Makes the ISO of a small DDK that has rpm and one package. Argument: the path of the ISO.

const dir = mkdtempSync(join(tmpdir(), 'ddk-rpm-iso-'))
try {
  const root = join(dir, 'root')
  mkdirSync(root)
  makeSmallRoot(root)
  addRpm(root)
  installPackages(root, [{ Name: 'example', Version: '1.0', Release: '1', License: 'MIT' }])
  await makeDdkIso({ iso: process.argv[2]!, root })
} finally {
  rmSync(dir, { recursive: true, force: true })
}
