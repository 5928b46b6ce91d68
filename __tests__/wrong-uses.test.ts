import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { ErrorKind } from '../src/bytes/errors.ts'
import { sections } from '../src/troubleshooting.ts'
import { type Server, serve } from './fetch/server.ts'
import { makeDdkIso } from './fixtures/ddk-iso.ts'
import { bundle } from './support/cli.ts'
import { makeRunner } from './support/runner.ts'
import { sh } from './support/tools.ts'

// Each way to use the action wrongly ends in one sentence, and in the section of docs/troubleshooting.md that explains it.

let dir = ''
let server: Server
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-wrong-'))
  bundle(join(dir, 'dist'))
  sh(`cp -r matchers '${dir}'`)
  const iso = join(dir, 'ddk.iso')
  await makeDdkIso({ iso })
  mkdirSync(join(dir, 'folder'))
  writeFileSync(join(dir, 'text.iso'), 'version https://git-lfs.github.com/spec/v1\n')
  writeFileSync(join(dir, 'page.iso'), '<!DOCTYPE html><title>Log in</title>')
  writeFileSync(join(dir, 'empty.iso'), '')
  writeFileSync(join(dir, 'short.iso'), readFileSync(iso).subarray(0, 400_000))
  writeFileSync(join(dir, 'disk.qcow2'), 'QFI\xfb\0\0\0\x03'.padEnd(512, '\0'), 'latin1')
  writeFileSync(join(dir, 'broken.json'), '{')
  writeFileSync(join(dir, 'catalog.json'), '{"releases":[{"version":"6.5"}]}')
  sh(`xorriso -as mkisofs -quiet -o '${dir}/other.iso' '${dir}/broken.json'`)
  sh(
    `mkdir '${dir}/installer' && touch '${dir}/installer/install.img' && cd '${dir}' && xorriso -as mkisofs -quiet -o installer.iso installer`,
  )
  server = await serve((request, response) => {
    if (request.url === '/private.iso') response.writeHead(401).end()
    else if (request.url === '/page.iso') response.writeHead(200, { 'content-type': 'text/html', 'content-length': '3' }).end('<a>')
    // It never answers: whoever waits for it asks again later.
    else if (request.url === '/silent.iso') return
    else if (request.url === '/message.iso') response.writeHead(200, { 'content-length': '7' }).end('expired')
    else response.writeHead(404).end()
  })
})
afterAll(async () => {
  await server?.close()
  rmSync(dir, { recursive: true, force: true })
})

const wrongSha256 = 'f'.repeat(64)

/** DIR stands for the folder with the files, SERVER for the server's origin, HOST for its host, WORK for the workspace. */
const cases: readonly (readonly [string, Record<string, string>, ErrorKind, string])[] = [
  // Which DDK.
  ['neither an ISO nor a version', { iso: '' }, 'input', 'Neither "iso" nor "xenserver-version" is set; set "iso"'],
  ['a version without an address', { iso: '', 'xenserver-version': '8.2' }, 'no-address', 'No URL is known for the DDK of XenServer 8.2.'],
  ['a version that there is none of', { iso: '', 'xenserver-version': '9.9' }, 'no-address', 'the nearest is 8.4.0. Request one of these'],
  [
    'a build that there is none of',
    { iso: '', 'xenserver-version': '6.5.0-1c' },
    'no-address',
    'Request one of these, or set the input "iso"',
  ],
  ['no version', { 'xenserver-version': 'newest' }, 'input', '"newest" is not a XenServer version; write it as 6.5'],
  [
    'another version',
    { 'xenserver-version': '7.0' },
    'other-version',
    'XenServer 7.0 was requested, but the ISO is XenServer DDK 6.5.0-90233c',
  ],
  ['another build', { 'xenserver-version': '6.5.0-1c' }, 'other-version', 'XenServer 6.5.0-1c was requested'],
  ['no catalog', { catalog: '/nowhere.json' }, 'input', 'Input "catalog": /nowhere.json: there is no such file'],
  ['a broken catalog', { catalog: 'DIR/broken.json' }, 'input', 'broken.json, line 1, column 1: this { is never closed'],
  [
    'a catalog with a version of two numbers',
    { catalog: 'DIR/catalog.json' },
    'input',
    'it must be a version of three numbers, e.g. 8.2.0',
  ],
  // Which file.
  ['no such file', { iso: 'ddk.iso' }, 'input-output', 'WORK/ddk.iso: there is no such file; check it out or download it'],
  ['an empty variable', { iso: '/XenServer-0.0.0-DDK.iso' }, 'input-output', 'is a variable before it empty, or not set for this job?'],
  ['a tilde', { iso: '~/ddk.iso' }, 'input-output', 'only a shell replaces "~" by a folder, so write the whole path'],
  ['a pattern', { iso: 'isos/*.iso' }, 'input-output', 'only a shell expands patterns and variables'],
  ['a pointer of Git LFS', { iso: 'DIR/text.iso' }, 'not-a-ddk', 'it is text, beginning with "version https://git-lfs'],
  ['a web page', { iso: 'DIR/page.iso' }, 'not-a-ddk', 'it is an HTML page; a server may have sent an error page'],
  ['an empty file', { iso: 'DIR/empty.iso' }, 'not-a-ddk', 'it is an empty file; download it again'],
  ['an ISO that is cut short', { iso: 'DIR/short.iso' }, 'damaged', 'but the ISO ends at byte 400000; the ISO is damaged'],
  ['another ISO', { iso: 'DIR/other.iso' }, 'not-a-ddk', "it is no DDK's ISO: neither an ova.xml nor an .xva is on it"],
  ["XenServer's installer", { iso: 'DIR/installer.iso' }, 'not-a-ddk', "it looks like XenServer's installer; give the DDK's ISO, which is"],
  ['an empty folder', { iso: 'DIR/folder' }, 'not-a-ddk', 'give a folder that a DDK ISO was unpacked into'],
  ['a disk of QEMU', { iso: 'DIR/disk.qcow2' }, 'unsupported', 'it is a QCOW2 disk; convert it first'],
  ['a device', { iso: '/dev/null' }, 'not-a-ddk', '/dev/null: it is not a regular file'],
  // Which address.
  ['another protocol', { iso: 'ftp://example.com/ddk.iso' }, 'input', 'ftp: addresses are not supported; use http:'],
  ['nobody there', { iso: 'http://127.0.0.1:1/ddk.iso' }, 'unreachable', 'the connection was refused'],
  ['no such address', { iso: 'SERVER/gone.iso' }, 'unreachable', 'the server answered 404 Not Found'],
  ['no token', { iso: 'SERVER/private.iso' }, 'denied', 'if it requires a token, set it in the input "iso-headers"'],
  ['a page to log in', { iso: 'SERVER/page.iso' }, 'unreachable', 'the server sent a web page, not a file; check the address'],
  ['a message as a file', { iso: 'SERVER/message.iso' }, 'unreachable', 'the server sent text that begins with "expired", not a file'],
  [
    'an old token',
    { iso: 'SERVER/private.iso', 'iso-headers': 'Authorization: Bearer old' },
    'denied',
    'it was sent "iso-headers", so check whether the token is still valid',
  ],
  ['no header', { 'iso-headers': 'secret' }, 'input', 'Input "iso-headers": line 1 has no colon'],
  ['an empty secret', { 'iso-headers': 'Authorization: ' }, 'input', 'is the secret empty, or not passed on to this job? See '],
  ['a server without its protocol', { 'iso-headers-for': 'example.com' }, 'input', 'write it as https://host/path'],
  ['a mirror on the disk', { mirrors: '/mnt/ddk.iso' }, 'input', 'Input "mirrors": it is not a complete address'],
  // Which registry.
  [
    'no registry',
    { 'registry-image': 'HOST/acme/ddk', push: 'true' },
    'registry',
    "HOST/acme/ddk can't be used: the server answered 404 Not Found; check the name of the repository, and whether the host is a registry",
  ],
  // Which checksum.
  ['another checksum', { 'iso-sha256': wrongSha256 }, 'checksum', `but ${wrongSha256} is expected; it is damaged, or another ISO`],
  ['an MD5', { 'iso-sha256': 'f'.repeat(32) }, 'input', `"${'f'.repeat(32)}" is an MD5, not a SHA-256`],
  ['half a checksum', { 'iso-sha256': 'abc' }, 'input', 'Input "iso-sha256": "abc" is not a SHA-256'],
  ['the checksum of a folder', { iso: 'DIR/folder', 'iso-sha256': wrongSha256 }, 'checksum', 'a folder, which has no SHA-256'],
  ['no checksum', { 'require-checksum': 'true' }, 'checksum', 'No checksum is known for the ISO, and "require-checksum" is true'],
  ['neither true nor false', { 'require-checksum': 'yes' }, 'input', 'it is "yes"; it must be true or false'],
  // What for.
  ['no engine of that name', { engine: 'lxc' }, 'input', 'Input "engine": "lxc" is not one of auto, docker, podman, none'],
  [
    'packages without an engine',
    { sbom: 'WORK/ddk.json' },
    'packages',
    'container, and there is no container engine: the input "engine" is none',
  ],
  [
    'an engine that is missing',
    { engine: 'podman', iso: 'SERVER/silent.iso' },
    'no-engine',
    "podman isn't installed: there is no such program in PATH",
  ],
  ['no such cache', { cache: 'true' }, 'input', 'Input "cache": "true" is not one of auto, all, image, iso, none'],
  ['no image name', { image: 'Vendor/DDK' }, 'input', 'Input "image": the image name "Vendor/DDK" can'],
  ['an archive on standard output', { archive: '-' }, 'input', 'Input "archive": the archive can\'t be written to standard output'],
  ['an archive on a device', { archive: '/dev/xenserver-ddk/new.tar' }, 'input', 'nothing is written below /dev'],
  ['an archive in place of the ISO', { archive: 'DIR/ddk.iso' }, 'input', 'the archive would overwrite its own input'],
  ['a limit with a unit', { 'zero-limit': '8GB' }, 'input', 'a whole number of GiB, from 1 to 999999'],
  ['no such uname', { uname: 'linux' }, 'input', 'Input "uname": "linux" is not one of ddk, host'],
  // With which shell.
  ['a shell without .sh', { 'shell-name': 'ddk' }, 'input', '"ddk" is not a valid shell name'],
  ['no volume', { volumes: 'src' }, 'input', 'Input "volumes": "src" is not a volume'],
  ['a relative volume', { volumes: './src:/src' }, 'input', "has neither an absolute path nor a volume's name"],
  ['no variable', { env: 'MY-VAR=1' }, 'input', '"MY-VAR" is not a valid variable name'],
  ['a variable of its own', { env: 'PATH=/opt' }, 'input', "PATH can't be passed to the container"],
  ['no network', { network: 'a b' }, 'input', '"a b" is not a valid network'],
  ['no option', { 'run-options': 'memory 4g' }, 'input', 'give options of "docker run", such as --memory 4g'],
  ['no such user', { user: 'build' }, 'input', '"build" is not one of root, runner'],
]

describe('what stops the step says so in one sentence, and where it is explained', () => {
  // Without any engine in PATH.
  const env = { PATH: '/nowhere', GITHUB_ACTION_REPOSITORY: 'org/ddk', GITHUB_ACTION_REF: 'v1' }

  test.each(cases)('%s', async (_title, given, kind, sentence) => {
    const runner = makeRunner(dir, join(dir, 'dist/main.cjs'), env)
    const filled = (text: string) =>
      text
        .replace('DIR', dir)
        .replace('SERVER', server.origin)
        .replace('WORK', runner.workspace)
        .replace('HOST', new URL(server.origin).host)
    const inputs = Object.entries({ iso: 'DIR/ddk.iso', engine: 'none', ...given }).map(([name, text]) => [name, filled(text)])
    const ended = await runner.main(Object.fromEntries(inputs))
    const errors = ended.stdout.split('\n').filter((line) => line.startsWith('::error::'))
    expect(errors).toEqual([expect.stringContaining(filled(sentence))])
    expect(errors[0]).toMatch(/^::error::.*[.?!] See https:\/\/github\.com\/org\/ddk\/blob\/v1\/docs\/troubleshooting\.md#\S+$/)
    expect(errors[0]!.split('#').at(-1)).toBe(sections[kind])
    expect(ended).toMatchObject({ code: 1, stderr: '' })
    expect(runner.outputs()).toEqual({})
    expect(server.requests.filter(({ url }) => url === '/silent.iso').length).toBeLessThan(2)
    expect(await runner.post()).toMatchObject({ code: 0, stderr: '' })
    expect(readdirSync(runner.temp)).toEqual([])
  })
})
