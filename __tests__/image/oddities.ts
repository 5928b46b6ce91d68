import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from '@jest/globals'
import { byPath, type Listed, sh } from '../support/tools.ts'

/** Fills a folder with one of everything; needs root. */
export function makeTree(dir: string): void {
  sh(
    `mkdir -p ${dir} && cd ${dir}
    mkdir -p bin dev etc empty "$(printf 'd%.0s' {1..200})/$(printf 'e%.0s' {1..100})" usr/share/a-directory-of-some-length/and-another-one-in-it/so-that-the-path-is-long
    head -c 5000000 /bin/bash > bin/tool; head -c 511 /bin/bash > bin/odd; : > bin/empty
    ln bin/tool bin/tool2; ln bin/tool zz-last-name; ln bin/tool 0-first-name
    ln -s tool bin/link; ln -s "$(printf 't%.0s' {1..99})x" s100; ln -s "$(printf 't%.0s' {1..100})x" s101; ln -s "$(printf '%0.s/long' {1..800})" s4000; ln -s $'\\xff\\nx' slinkbytes; ln -P s4000 s4000-again
    touch "$(printf 'n%.0s' {1..100})" "$(printf 'm%.0s' {1..101})" "$(printf 'o%.0s' {1..255})" $'latin\\xe9' $'new\\nline' 'space =' "$(printf 'd%.0s' {1..200})/$(printf 'e%.0s' {1..100})/f"
    touch usr/share/a-directory-of-some-length/and-another-one-in-it/so-that-the-path-is-long/and-goes-into-the-prefix-field
    mknod dev/null c 1 3; mknod dev/disk b 259 1048575; mknod dev/fifo p; mknod dev/deleted c 0 0
    python3 -c "import socket; socket.socket(socket.AF_UNIX).bind('dev/socket')"
    mknod -m 600 dev/linked c 4 300; ln dev/linked dev/linked-too
    chown 300000:4294967294 bin/odd; chown -h 7:8 bin/link; chown 9:9 dev/null
    chmod 4755 bin/odd; chmod 0 bin/empty; chmod 2555 etc; chmod 1777 empty
    setfattr -n user.binary -v 0x00ff0a3d80 bin/tool; setfattr -n user.50% -v x bin/tool; setfattr -n user.ö -v x bin/tool; setfattr -n user.empty bin/tool; setfattr -n user.long -v "$(printf 'v%.0s' {1..900})" bin/tool
    setfattr -n user.dir -v x etc; setfattr -n trusted.x -v y bin; setfattr -n trusted.overlay.opaque -v y etc; setfattr -n user.overlay.opaque -v y bin
    setfattr -n security.capability -v 0x0100000200040000000000000000000000000000 bin/odd
    setfacl -m u:33:rwx,g:44:r bin/empty; setfacl -d -m u:33:rx etc; setfacl -m u:1:x etc
    touch -d '1969-12-31 23:43:20.5 UTC' old; touch -d '2040-01-01 00:00:00.123456789 UTC' young; touch -h -d '2001-02-03 04:05:06 UTC' bin/link
    truncate -s 10M sparse; printf x >> sparse
    touch -d '2005-06-07 08:09:10 UTC' etc bin dev empty`,
    { env: { ...process.env, LC_ALL: 'C.UTF-8' } },
  )
  expect(statSync(join(dir, 'sparse')).size).toBe(10 * 2 ** 20 + 1)
  expect(readFileSync(join(dir, 'bin/odd')).length).toBe(511)
}

/** What a layer keeps of a listing. */
export function expected(listing: readonly Listed[]): Listed[] {
  return listing
    .filter(({ type, rdev }) => type !== 'socket' && !(type === 'char' && rdev === '0:0'))
    .map((listed) => {
      const xattrs = Object.fromEntries(
        Object.entries((listed.xattrs ?? {}) as Record<string, string>).filter(([name]) =>
          /^(user\.(?!overlay\.)|security\.capability$|system\.posix_acl_)/.test(name),
        ),
      )
      const seconds = Math.max(0, Number.parseInt(String(listed.mtime), 10))
      return { ...listed, mtime: `${seconds}.000000000`, xattrs: Object.keys(xattrs).length > 0 ? xattrs : undefined }
    })
}

/** In order, and with the first path of an inode in place of its number. */
export function comparable(listing: readonly Listed[]): Listed[] {
  const first = new Map<unknown, string>()
  return byPath(listing).map((listed) => {
    if (!first.has(listed.ino)) first.set(listed.ino, listed.path)
    return { ...listed, ino: first.get(listed.ino), xattrs: listed.xattrs ?? {} }
  })
}
