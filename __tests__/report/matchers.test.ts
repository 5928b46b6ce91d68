import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { registerMatchers, removeMatchers } from '../../src/report/matchers.ts'
import { annotate, readMatchers } from '../support/problem-matchers.ts'

const folder = join(dirname(fileURLToPath(import.meta.url)), '../../matchers')
const matchers = readMatchers(join(folder, 'ddk-problem-matcher.json'))

let dir = ''
let workspace = ''
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-matchers-'))
  workspace = join(dir, 'workspace')
  put('.git/config', '')
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

function put(path: string, text: string): void {
  mkdirSync(dirname(join(workspace, path)), { recursive: true })
  writeFileSync(join(workspace, path), text)
}

/** What the runner would make of a command's output. */
function annotationsOf(command: string) {
  const { stdout } = spawnSync('/bin/sh', ['-c', `exec 2>&1; ${command}`], {
    cwd: workspace,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: workspace, LC_ALL: 'C' },
  })
  return annotate(matchers, stdout, workspace)
}

/** What the runner would make of lines that no program here prints any more. */
function annotationsIn(...lines: string[]) {
  return annotate(matchers, lines.join('\n'), workspace)
}

describe('gcc', () => {
  test('errors and warnings stand on their lines, notes are left out', () => {
    put('driver/hello.c', 'int g(int a) { int unused; return undeclared + a; }\n')
    expect(annotationsOf('gcc -Wall -c driver/hello.c')).toEqual([
      {
        owner: 'ddk-gcc',
        severity: 'error',
        file: 'driver/hello.c',
        line: 1,
        column: 35,
        message: expect.stringContaining("'undeclared' undeclared"),
      },
      {
        owner: 'ddk-gcc',
        severity: 'warning',
        file: 'driver/hello.c',
        line: 1,
        column: 20,
        message: "unused variable 'unused' [-Wunused-variable]",
      },
      expect.objectContaining({ severity: 'warning', message: expect.stringContaining('control reaches end') }),
    ])
  })

  test('an absolute path is found, too, wherever the step works', () => {
    put('driver/header.c', '#include "nosuch.h"\n')
    expect(annotationsOf(`cd /tmp && gcc -c ${workspace}/driver/header.c`)).toEqual([
      {
        owner: 'ddk-gcc',
        severity: 'error',
        file: 'driver/header.c',
        line: 1,
        column: 10,
        message: 'nosuch.h: No such file or directory',
      },
    ])
  })

  test('a file that is not in the repository leaves the message', () => {
    writeFileSync(join(dir, 'elsewhere.c'), '#error bad\n')
    expect(annotationsOf('gcc -c ../elsewhere.c')).toEqual([
      { owner: 'ddk-gcc', severity: 'error', line: 1, column: 2, message: '#error bad' },
    ])
  })

  test('C++ and what the linker misses', () => {
    put('tool.cc', 'int nosuch();\nint main() {\n  return nosuch();\n}\n')
    expect(annotationsOf('g++ -g tool.cc')).toEqual([
      { owner: 'ddk-ld', severity: 'error', file: 'tool.cc', line: 3, message: expect.stringMatching(/^undefined reference to .nosuch/) },
    ])
    expect(annotationsOf('g++ tool.cc')).toEqual([
      { owner: 'ddk-ld', severity: 'error', file: 'tool.cc', message: expect.stringMatching(/^undefined reference to .nosuch/) },
    ])
    put('vector.cc', '#include <vector>\nint main() { std::vector<int> v; v.nosuch(); }\n')
    expect(annotationsOf('g++ -c vector.cc')).toEqual([expect.objectContaining({ file: 'vector.cc', line: 2, column: 36 })])
  })

  test('GCC 4.1, which has no columns and explains itself in errors', () => {
    put('old.c', '')
    expect(
      annotationsIn(
        "old.c: In function `init_hello':",
        "old.c:5: error: 'x' undeclared (first use in this function)",
        'old.c:5: error: (Each undeclared identifier is reported only once',
        'old.c:5: error: for each function it appears in.)',
        "old.c:4: warning: unused variable 'y'",
        'old.c:1:20: error: nosuch.h: No such file or directory',
      ),
    ).toEqual([
      { owner: 'ddk-gcc', severity: 'error', file: 'old.c', line: 5, message: "'x' undeclared (first use in this function)" },
      { owner: 'ddk-gcc', severity: 'warning', file: 'old.c', line: 4, message: "unused variable 'y'" },
      { owner: 'ddk-gcc', severity: 'error', file: 'old.c', line: 1, column: 20, message: 'nosuch.h: No such file or directory' },
    ])
  })

  test("in a kernel's build, only the module's own files are named, not those of the kernel's makefiles", () => {
    put('driver/hello.c', '')
    put('Makefile', '')
    const kbuild = (line: string) => line.replaceAll('/w/', `${workspace}/`)
    expect(
      annotationsIn(
        "make: Entering directory '/usr/src/kernels/3.10.0+2-x86_64'",
        'warning: the compiler differs from the one used to build the kernel',
        kbuild('  CC [M]  /w/driver/hello.o'),
        kbuild('/w/driver/hello.c: In function ‘init_module’:'),
        kbuild('/w/driver/hello.c:3:38: error: ‘x’ undeclared (first use in this function)'),
        '    3 | int init_module(void){ int y; return x + nosuchsymbol(); }',
        '      |                                      ^',
        kbuild('/w/driver/hello.c:3:38: note: each undeclared identifier is reported only once for each function it appears in'),
        'cc1: some warnings being treated as errors',
        kbuild('make[1]: *** [scripts/Makefile.build:255: /w/driver/hello.o] Error 1'),
        kbuild('make: *** [Makefile:2050: /w/driver] Error 2'),
        "make: Leaving directory '/usr/src/kernels/3.10.0+2-x86_64'",
      ),
    ).toEqual([
      {
        owner: 'ddk-gcc',
        severity: 'error',
        file: 'driver/hello.c',
        line: 3,
        column: 38,
        message: '‘x’ undeclared (first use in this function)',
      },
      { owner: 'ddk-make-target', severity: 'error', message: kbuild('[Makefile:2050: /w/driver] Error 2') },
    ])
  })

  test("what modpost misses, in an old kernel's words and in a newer one's", () => {
    expect(
      annotationsIn(
        'WARNING: "foo" [/w/hello.ko] undefined!',
        'ERROR: modpost: "bar" [/w/hello.ko] undefined!',
        'WARNING: could not find x',
      ),
    ).toEqual([
      { owner: 'ddk-modpost', severity: 'warning', message: '"foo" [/w/hello.ko] undefined!' },
      { owner: 'ddk-modpost', severity: 'error', message: '"bar" [/w/hello.ko] undefined!' },
    ])
  })
})

describe('make', () => {
  test('says once that a target failed, however deep it was', () => {
    put('Makefile', 'all:\n\t$(MAKE) -f deep.mk\n')
    put('deep.mk', 'all:\n\tfalse\n')
    expect(annotationsOf('make')).toEqual([{ owner: 'ddk-make-target', severity: 'error', message: '[Makefile:2: all] Error 2' }])
  })

  test('a mistake in a makefile is annotated on its line', () => {
    put('bad.mk', 'all:\n    true\n')
    expect(annotationsOf('make -f bad.mk')).toEqual([
      { owner: 'ddk-makefile', severity: 'error', file: 'bad.mk', line: 2, message: 'missing separator.  Stop.' },
    ])
    put('stop.mk', '# DDK\n$(error KERNEL_VERSION is empty)\n')
    expect(annotationsOf('make -f stop.mk')).toEqual([
      { owner: 'ddk-makefile', severity: 'error', file: 'stop.mk', line: 2, message: 'KERNEL_VERSION is empty.  Stop.' },
    ])
    put('twice.mk', 'a:\n\ttrue\na:\n\ttrue\n')
    expect(annotationsOf('make -f twice.mk')).toEqual([
      expect.objectContaining({ severity: 'warning', file: 'twice.mk', line: 4 }),
      expect.objectContaining({ severity: 'warning', file: 'twice.mk', line: 2 }),
    ])
  })

  test('a missing rule is the cause at any depth', () => {
    put('Makefile', 'all:\n\t$(MAKE) -f deep.mk\n')
    put('deep.mk', 'all: nothere\n')
    expect(annotationsOf('make')).toEqual([
      { owner: 'ddk-make', severity: 'error', message: "No rule to make target 'nothere', needed by 'all'.  Stop." },
      expect.objectContaining({ owner: 'ddk-make-target' }),
    ])
  })

  test('other targets that are still being made are no error, nor is a failure that is ignored', () => {
    put('Makefile', 'all: a b\na:\n\tfalse\nb:\n\tsleep 0.2\n')
    expect(annotationsOf('make -j 2')).toEqual([expect.objectContaining({ owner: 'ddk-make-target', message: '[Makefile:3: a] Error 1' })])
    put('ignored.mk', 'all:\n\t-false\n')
    expect(annotationsOf('make -f ignored.mk')).toEqual([])
  })

  test('make 3.81, which names only the target', () => {
    expect(annotationsIn('make[1]: *** [hello.o] Error 1', 'make: *** [build-rpms] Error 2')).toEqual([
      { owner: 'ddk-make-target', severity: 'error', message: '[build-rpms] Error 2' },
    ])
  })
})

describe('rpmbuild', () => {
  const head = 'Name: t\nVersion: 1\nRelease: 1\nSummary: s\nLicense: GPL\n'
  const build = (spec: string) => {
    put('t.spec', spec)
    return annotationsOf('rpmbuild -bb t.spec')
  }

  test('a mistake in the spec', () => {
    expect(build(`${head}Bogus: x\n%description\n`)).toEqual([
      { owner: 'ddk-rpmbuild', severity: 'error', message: 'line 6: Unknown tag: Bogus: x' },
    ])
  })

  test('each failure once, although it is listed again at the end', () => {
    expect(build(`${head}%description\n%build\nfalse\n`)).toEqual([
      { owner: 'ddk-rpmbuild', severity: 'error', message: expect.stringMatching(/^Bad exit status from .* \(%build\)$/) },
    ])
    expect(build(`${head}%description\n%files\n/nosuch\n`)).toEqual([
      { owner: 'ddk-rpmbuild', severity: 'error', message: expect.stringMatching(/^File not found: .*\/nosuch$/) },
    ])
  })

  test('every missing package by its name', () => {
    expect(build(`${head}BuildRequires: nosuch-devel >= 3, another\n%description\n`)).toEqual([
      { owner: 'ddk-rpmbuild-requires', severity: 'error', message: expect.stringContaining('another is needed by') },
      { owner: 'ddk-rpmbuild-requires', severity: 'error', message: expect.stringContaining('nosuch-devel >= 3 is needed by') },
    ])
  })
})

test('a build without errors gives no annotation', () => {
  expect(
    annotationsIn(
      'checking for gcc... gcc',
      '  CC [M]  /w/driver/hello.o',
      "make[1]: Entering directory '/w/driver'",
      'gcc -DX="a:1: error" -c hello.c',
      '+ cd /root/rpmbuild/BUILD',
      'warning: bogus date in %changelog: Mon Jan 1 2015',
      '12:30:01: starting',
      'src/a.c:12: Copyright',
    ),
  ).toEqual([])
})

/** The runner's regular expressions are .NET's in their ECMAScript mode; these constructs mean the same there and here. */
test('the expressions keep to what JavaScript and .NET have in common', () => {
  const common = /^(?:\\[\\dsS.*[\]()+"]|\(\?[:!]|[^\\(]|\((?!\?))*$/
  for (const { owner, pattern } of matchers) {
    for (const { regexp } of pattern) expect([owner, regexp]).toEqual([owner, expect.stringMatching(common)])
  }
})

test('no line takes long to match, whatever it contains', () => {
  // Work that grows with the square of it would take minutes.
  const long = 100_000
  const lines = [
    'a'.repeat(long),
    'a:'.repeat(long),
    ' '.repeat(long),
    `x:${'1'.repeat(long)}`,
    `x.o: ${':('.repeat(long)}`,
    '/ld: '.repeat(long),
  ]
  const before = process.cpuUsage()
  expect(annotationsIn(...lines)).toEqual([])
  const { user, system } = process.cpuUsage(before)
  expect((user + system) / 1e6).toBeLessThan(10)
})

test('the runner is told where the file is, and afterwards who goes', () => {
  const said: string[] = []
  registerMatchers(folder, (line) => said.push(line))
  expect(said).toEqual([`::add-matcher::${join(folder, 'ddk-problem-matcher.json')}`])
  expect(existsSync(said[0]!.slice('::add-matcher::'.length))).toBe(true)
  registerMatchers('/opt/100%\r\n', (line) => said.push(line))
  expect(said[1]).toBe('::add-matcher::/opt/100%25%0D%0A/ddk-problem-matcher.json')

  const removed: string[] = []
  removeMatchers(folder, (line) => removed.push(line))
  expect(removed).toEqual(matchers.map(({ owner }) => `::remove-matcher owner=${owner}::`))
})
