import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { makeDdkIso } from '../fixtures/ddk-iso.ts'
import { makeFilesystem } from '../fixtures/filesystem.ts'
import { makeSmallRoot } from '../fixtures/small-root.ts'
import { cli } from '../support/cli.ts'
import { noMounts, noOtherUser } from '../support/machine.ts'
import { unless } from '../support/skip.ts'
import { asNobody, parseLines, run, sh, until } from '../support/tools.ts'

// The command line at its edges: what is given is no file, what is asked for can't be had.

let dir = ''
let iso = ''
const at = (name: string) => join(dir, name)

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-edges-'))
  iso = at('small.iso')
  await makeDdkIso({ iso })
  makeLargeImage(at('large.img'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

function fails(code: number, message: string, ...args: string[]): void {
  const ended = cli(...args)
  expect([ended.code, ended.stderr]).toEqual([code, expect.stringContaining(`xenserver-ddk: ${message}`)])
  expect(ended.stderr).not.toMatch(/^ +at /m)
}

test.each([
  ['an xz file', 4, Buffer.from('\xfd7zXZ\0', 'latin1')],
  ['a gzip file that is cut short', 3, Buffer.from([0x1f, 0x8b, 8, 0])],
  ['a text', 7, Buffer.from('no disk')],
  ['an encrypted volume', 5, Buffer.concat([Buffer.from('LUKS\xba\xbe\0\x02', 'latin1'), Buffer.alloc(1 << 20)])],
  ['a damaged filesystem', 3, extWithoutBlocks()],
])('%s ends every command with the exit code %i', (_, code, bytes) => {
  writeFileSync(at('input'), bytes)
  for (const command of [['list'], ['inspect'], ['convert', '-o', at('image.tar')]] as const) {
    expect([command[0], cli(command[0], at('input'), ...command.slice(1)).code]).toEqual([command[0], code])
  }
})

/** A superblock with the magic number, and with nothing else in it. */
function extWithoutBlocks(): Buffer {
  const bytes = Buffer.alloc(1 << 20)
  bytes.writeUInt16LE(0xef53, 1024 + 56)
  return bytes
}

describe('an input that is no file', () => {
  test.each(['list', 'inspect', 'convert'])('a pipe that nobody writes to: %s', (command) => {
    if (!existsSync(at('pipe'))) run('mkfifo', [at('pipe')])
    const { code, stdout, stderr } = cli(command, at('pipe'), ...(command === 'convert' ? ['-o', at('image.tar')] : []))
    expect([code, stdout + stderr]).toEqual([7, expect.stringContaining(`${at('pipe')}: it is not a regular file`)])
  })
  test('a path through a file', () => fails(6, `${iso}/x: it can't be read: not a directory\n`, 'list', `${iso}/x`))
  test('a name that contains a newline stays on one line', () => {
    fails(6, '/a\\u000a::error::b: there is no such file\n', 'list', '/a\n::error::b')
  })
})

unless(noOtherUser).test.each(['list', 'inspect', 'convert', 'raw'])(
  'what this user may not reach is told of in a sentence: %s',
  (command) => {
    const [closed, open] = [at(`closed-${command}`), at(`open-${command}`)]
    mkdirSync(closed, { mode: 0o700 })
    mkdirSync(open)
    sh(`chmod 755 '${dir}'; chmod 777 '${open}'; cp '${iso}' '${closed}/ddk.iso'`)
    const output = command === 'convert' || command === 'raw'
    const script = (input: string, file: string) =>
      `${asNobody.join(' ')} '${process.execPath}' src/cli.ts ${command} '${input}' ${output ? `-o '${file}'` : ''} --temp-dir '${open}' 2>&1 || true`
    const said = [sh(script(`${closed}/ddk.iso`, `${open}/out`)), ...(output ? [sh(script(iso, `${closed}/out`))] : [])]
    for (const text of said) {
      expect(text).toMatch(/permission denied|this user has no permission to read it/)
      expect(text).not.toMatch(/EACCES|stat '/)
    }
    expect(readdirSync(open)).toEqual([])
  },
)

test.each([
  ['a name that every object has', ['constructor', 'x']],
  ['an empty input', ['list', '']],
  ['an empty output', ['raw', 'x', '-o', '']],
  ['a bad checksum', ['convert', 'x', '-o', 'y', '--sha256', 'zz']],
  ['a bad version', ['convert', 'x', '-o', 'y', '--version-is', 'banana']],
])('wrong usage: %s', (_name, args) => fails(2, '', ...args))

/** Not that it should be reported. */
const seeInputs = 'See docs/troubleshooting.md#an-input-is-refused\n'

test.each(['convert', 'raw'])('%s says that the folder of its output is missing', (command) => {
  const folder = at('missing')
  const sentence = `${folder}/out: it can't be written, because there is no folder ${folder}; make that first`
  fails(1, `${sentence}\n${seeInputs}`, command, iso, '-o', `${folder}/out`)
})

describe('an output that must not be replaced', () => {
  test('the input', () => {
    const before = readFileSync(iso)
    run('ln', [iso, at('link.iso')])
    for (const output of [iso, at('link.iso')])
      fails(1, `${output}: the archive would overwrite its own input`, 'convert', iso, '-o', output)
    expect(readFileSync(iso).equals(before)).toBe(true)
  })
  test('a folder', () => fails(1, `${dir}: it is a folder; give the name of a file`, 'convert', iso, '-o', dir))
  test('a device or a pipe', () => {
    run('mkfifo', [at('out')])
    fails(1, `${at('out')}: it is a device or a pipe; give the name of a file`, 'convert', iso, '-o', at('out'))
    expect(statSync(at('out')).isFIFO()).toBe(true)
  })
  test('the input, by raw', () => {
    const before = readFileSync(iso)
    fails(1, `${iso}: the disk would replace what it is read from; give it another name\n${seeInputs}`, 'raw', iso, '-o', iso)
    expect(readFileSync(iso).equals(before)).toBe(true)
  })
})

test.each([
  ['convert', 'image.tar'],
  ['raw', 'disk.raw'],
])('%s replaces a file once the new one is complete, and follows a link', (command, name) => {
  const [file, link] = [at(`there-${name}`), at(`link-${name}`)]
  writeFileSync(file, 'precious')
  symlinkSync(file, link)
  fails(6, '', command, '/nowhere', '-o', link)
  expect(readFileSync(file, 'utf8')).toBe('precious')
  for (const path of [link, file]) {
    writeFileSync(file, 'old')
    expect(cli(command, iso, '-o', path)).toMatchObject({ code: 0 })
    expect([statSync(file).size > 1_000_000, readlinkSync(link)]).toEqual([true, file])
  }
})

describe('standard output as output', () => {
  test('raw writes the disk there', () => {
    const script = `'${process.execPath}' src/cli.ts raw '${iso}' -o`
    sh(`${script} '${at('by-name.raw')}'; ${script} - > '${at('by-stdout.raw')}'; ${script} - | cat > '${at('by-pipe.raw')}'`)
    for (const name of ['by-stdout.raw', 'by-pipe.raw']) run('cmp', [at('by-name.raw'), at(name)])
    expect(existsSync('-')).toBe(false)
  })
  test('raw has an exit code other than 0 if a part of the disk is damaged', () => {
    const folder = at('unsound')
    mkdirSync(folder)
    sh(
      `bsdtar -xf '${iso}' -C '${folder}' && chmod -R u+w '${folder}/ddk' && sed -i 's/size="[0-9]*"/size="99999744"/' '${folder}/ddk/ova.xml'`,
    )
    expect(cli('raw', folder, '-o', '-').code).toBe(3)
  })
  test("an archive can't be written to standard output", () => {
    fails(2, "an archive can't be written to standard output", 'convert', iso, '-o', '-')
    expect(existsSync('-')).toBe(false)
  })
  unless(noMounts).test.each(['convert', 'raw'])('%s leaves /dev/stdout what it is', (command) => {
    // Another /dev, in a mount namespace of its own: the machine's is never touched.
    const script = `mount -t tmpfs none /dev && mknod -m 666 /dev/null c 1 3 && ln -s /proc/self/fd/1 /dev/stdout
      '${process.execPath}' src/cli.ts ${command} '${iso}' -o /dev/stdout; echo "code $?"; ls /dev; readlink /dev/stdout`
    expect(run('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', `exec 2>&1; ${script}`])).toBe(
      `xenserver-ddk: /dev/stdout: nothing is written below /dev, where the kernel's devices are; give the name of a file elsewhere
See docs/troubleshooting.md#an-input-is-refused
code 1\nnull\nstdout\n/proc/self/fd/1\n`,
    )
  })
})

test("a temporary directory that doesn't exist", () => {
  const sentence = 'no directory can be created in /none (no such file or directory); choose another place with --temp-dir'
  fails(1, `${sentence}\n${seeInputs}`, 'convert', iso, '-o', at('image.tar'), '--temp-dir', '/none')
  fails(6, '/none: no temporary file can be created there: no such file or directory\n', 'list', iso, '--temp-dir', '/none')
})

test("raw leaves no file if the disk can't be read to its end", () => {
  const out = at('raw-out')
  mkdirSync(out)
  sh(`bsdtar -xf '${iso}' -C '${out}' && chmod -R u+w '${out}/ddk' && sed -i 's/size="[0-9]*"/size="99999744"/' '${out}/ddk/ova.xml'`)
  fails(3, '', 'raw', out, '-o', join(out, 'disk.raw'))
  expect(readdirSync(out)).toEqual(['ddk'])
})

test('standard output is full', () => {
  const { code, stderr } = spawnShell(`"$0" src/cli.ts list '${iso}' >/dev/full`)
  expect([code, stderr]).toEqual([1, 'xenserver-ddk: writing to standard output failed (no space left on device)\n'])
})

describe('list reads what it can of a damaged filesystem', () => {
  const all = ['file', 'lost+found', 'usr', 'usr/file']
  const cases: [what: string, command: string, code: number, paths: string[], error: string][] = [
    ['a file in the root directory', 'clri /file', 1, ['lost+found', 'usr', 'usr/file'], 'error: inode \\d+ of .*: .* it is deleted'],
    ['a directory in the root directory', 'clri /lost+found', 1, ['file', 'usr', 'usr/file'], 'error: inode 11 of .*: .* it is deleted'],
    ['a file in another directory', 'sif /usr/file mode 0', 1, ['file', 'lost+found', 'usr'], 'error: inode \\d+ of .*: its mode 0 has no'],
    ['a block of another directory', 'sif /usr block[0] 4000000', 1, ['file', 'lost+found', 'usr'], "error: inode \\d+ of .*can't belong"],
    ['the content of a file', 'sif /file block[0] 4000000', 1, all, "error: inode \\d+ of .*can't belong"],
    ['a block of the root directory', 'sif / block[0] 4000000', 3, [], "xenserver-ddk: inode 2 of .*can't belong"],
    ["the root directory's inode", 'clri /', 3, [], 'xenserver-ddk: inode 2 of .*it is deleted'],
    ['the superblock', 'ssv blocks_per_group 0', 3, [], 'xenserver-ddk: the superblock of .*0 blocks in a group'],
  ]
  test.each(cases)('%s', (_, command, code, paths, error) => {
    const [image, from] = [at('damaged'), at('from')]
    sh(`rm -rf '${from}' '${image}'; mkdir -p '${from}/usr'; echo 1 > '${from}/file'; echo 2 > '${from}/usr/file'
      truncate -s 4M '${image}'; mke2fs -q -F -t ext2 -d '${from}' '${image}'; debugfs -w -R '${command}' '${image}' 2>/dev/null`)
    const ended = cli('list', image, '--json', '--sha256')
    expect(parseLines(ended.stdout).map(({ path }) => path)).toEqual(paths)
    expect([ended.code, ended.stderr]).toEqual([code, expect.stringMatching(new RegExp(error))])
  })
})

test.each(['SIGINT', 'SIGTERM'] as const)('a conversion that %s ends leaves nothing behind', async (signal) => {
  const [out, temp] = [at(`out-${signal}`), at(`temp-${signal}`)]
  for (const folder of [out, temp]) mkdirSync(folder)
  const child = spawn(process.execPath, ['src/cli.ts', 'convert', at('large.img'), '-o', join(out, 'image.tar'), '--temp-dir', temp])
  let stderr = ''
  child.stderr.on('data', (text) => {
    stderr += text
  })
  await until(() => readdirSync(out).length > 0)
  child.kill(signal)
  const [code] = await once(child, 'close')
  expect([code, stderr]).toEqual([1, expect.stringContaining(`xenserver-ddk: stopped by ${signal}\n`)])
  expect([readdirSync(out), readdirSync(temp)]).toEqual([[], []])
})

/** A root filesystem of many gigabytes, nearly all of them a hole: whoever wants to stop its conversion has half a minute for it. */
function makeLargeImage(image: string): void {
  const root = at('large')
  mkdirSync(root)
  makeSmallRoot(root)
  sh(`truncate -s 16G '${root}/hole'`)
  makeFilesystem(root, image, { filesystem: 'ext4', megabytes: 1000 })
}

function spawnShell(script: string): { code: number; stderr: string } {
  const stderr = at('stderr')
  const code = Number(sh(`${script} 2>'${stderr}' && echo 0 || echo $?`.replace('"$0"', `'${process.execPath}'`)))
  return { code, stderr: readFileSync(stderr, 'utf8') }
}
