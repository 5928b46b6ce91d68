import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from '@jest/globals'
import { openFolder } from '../../src/disk/filesystem/folder.ts'
import { otherIso } from '../../src/disk/other-iso.ts'
import { withTempDir } from '../support/tools.ts'

test.each([
  [['install.img', 'XS-REPOSITORY-LIST', 'packages.xenserver/XS-REPOSITORY'], "XenServer's installer"],
  [['packages.main/XS-REPOSITORY'], "XenServer's installer"],
  [['INSTALL.IMG'], "XenServer's installer"],
  [['XS-REPOSITORY', 'XS-PACKAGES', 'driver.rpm'], 'a supplemental pack'],
  [['update.xml', 'Packages/driver.rpm'], 'an update or a supplemental pack'],
  [['a/b/kernel.src.rpm'], 'an ISO with sources'],
  [['a/b/c/kernel.src.rpm'], undefined],
  [['README'], undefined],
])('the ISO with %j', (files, what) =>
  withTempDir((dir) => {
    for (const file of files) {
      mkdirSync(dirname(join(dir, file)), { recursive: true })
      writeFileSync(join(dir, file), '')
    }
    const folder = openFolder(dir)
    try {
      expect(otherIso(folder)).toBe(what)
    } finally {
      folder.close()
    }
  }),
)
