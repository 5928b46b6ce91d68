import { expect, test } from '@jest/globals'
import { memorySource } from '../../../src/bytes/source.ts'
import { ext } from '../../../src/disk/filesystem/ext/index.ts'
import { findUserland } from '../../../src/disk/root/userland.ts'
import { withTempDir } from '../../support/tools.ts'
import { type Contents, makeExt } from './made-root.ts'

const ddk = 'XenServer DDK release 6.5.0-90233c (xenenterprise)\n'

test.each<[string, Contents, string | undefined]>([
  ['up to 7.0', { 'etc/redhat-release': ddk, 'lib64/libc-2.5.so': '' }, 'glibc 2.5'],
  ['32-bit', { 'etc/redhat-release': ddk, 'lib/libc-2.5.so': '' }, 'glibc 2.5'],
  [
    'from 7.1 on',
    { 'etc/redhat-release': 'CentOS Linux release 7.2.1511 (Core)\n', 'usr/lib64/libc-2.17.so': '', lib64: { link: 'usr/lib64' } },
    'CentOS Linux 7.2.1511, glibc 2.17',
  ],
  ['that names its distribution only', { 'etc/centos-release': 'CentOS release 6.4 (Final)\n' }, 'CentOS 6.4'],
  ['that says nothing', { 'etc/redhat-release': ddk, 'lib/libc-evil.so': '' }, undefined],
])('the userland of a DDK %s', (_title, contents, userland) =>
  withTempDir((dir) => {
    const tree = ext.open(memorySource(makeExt(dir, contents), 'root'), () => {})
    expect(findUserland(tree)).toBe(userland)
  }),
)
