import { spawnSync } from 'node:child_process'
import { describe, expect, test } from '@jest/globals'
import type { Engine } from '../../src/engine/engine.ts'
import { createArguments, mountPairs } from '../../src/shell/container.ts'
import { parseEnv, parseNetwork, parseRunOptions, parseShellName, parseShellUser, parseVolumes } from '../../src/shell/options.ts'
import { splitWords } from '../../src/shell/words.ts'

describe('words', () => {
  test.each([
    '',
    '  --a  b\t"c d"\n\'e f\'  ',
    String.raw`--label "a=\"b\" \\ \x" 'it'\''s' a\ b`,
    `--env A='' "" x"y"'z'`,
    'a\\\nb "c\\\nd"',
    "'one\ntwo' ünï",
  ])('%j is split as bash splits it', (text) => {
    const script = `set -f; words=(${text}); [ ${'$'}{#words[@]} = 0 ] || printf '%s\\0' "${'$'}{words[@]}"`
    const expected = spawnSync('bash', ['-c', script], { encoding: 'utf8' }).stdout.split('\0').slice(0, -1)
    expect(splitWords(text)).toEqual(expected)
  })

  test.each(['"a', "b 'c", 'd \\'])('%j is refused', (text) => {
    expect(() => splitWords(text)).toThrow(/not closed|a single backslash/)
  })
})

test('shell-name', () => {
  expect(parseShellName('ddk-6.5.0.sh')).toBe('ddk-6.5.0.sh')
  for (const name of ['bash', 'docker', '.sh', '../x.sh', 'a b.sh', 'ddk.sh\n']) {
    expect(() => parseShellName(name)).toThrow(/is not a valid shell name; use letters/)
  }
})

test('volumes', () => {
  expect(parseVolumes('/srv/a b:/src\n\n  cache:/var/cache:ro  \n')).toEqual([
    { source: '/srv/a b', target: '/src', options: '' },
    { source: 'cache', target: '/var/cache', options: 'ro' },
  ])
  for (const line of ['/only', './x:/x', '/x:y', ':/x', '/x:', '/a:/b:ro:rw']) {
    expect(() => parseVolumes(`/ok:/ok\n${line}`)).toThrow(`"${line}" `)
  }
})

test('a relative folder is answered with how to write it', () => {
  for (const line of ['./src:/src', '~/src:/src', '$HOME/src:/src']) {
    expect(() => parseVolumes(line)).toThrow(`one volume a line, e.g. \${{ github.workspace }}/src:/src`)
  }
})

test('env', () => {
  expect(parseEnv('A\nB= x = y\n\nLANG=en_US.UTF-8')).toEqual(['A', 'B= x = y', 'LANG=en_US.UTF-8'])
  expect(() => parseEnv('1A=secret')).toThrow(`"1A" is not a valid variable name; write NAME or NAME=VALUE, one variable a line`)
  expect(() => parseEnv(`KEY=-----BEGIN KEY-----\n${'MII+'.repeat(16)}`)).toThrow(
    /^a long line is not a valid variable name; .*, and set a value of several lines in the env: of the step$/,
  )
  for (const name of ['PATH', 'HOME', 'LD_PRELOAD', 'DOCKER_HOST', 'BASH_ENV', '_engine']) {
    expect(() => parseEnv(`${name}=secret`)).toThrow(`${name} can't be passed to the container; set it in the step's script`)
  }
})

test('what may be a line of a key is not shown, and a name is', () => {
  const name = `1${'A'.repeat(39)}`
  expect(() => parseEnv(`${name}=secret`)).toThrow(`"${name}" is not a valid variable name`)
  expect(() => parseEnv(`${name}A=secret`)).toThrow(/^a long line is not a valid variable name/)
})

test('lines end as on any system', () => {
  expect([parseEnv('A=1\r\n\tB\r\n'), parseVolumes('a:/b\r\n').map(({ target }) => target)]).toEqual([['A=1', 'B'], ['/b']])
})

test('the mistake in a volume is named', () => {
  expect(() => parseVolumes('/x:y')).toThrow(
    new Error('"/x:y" has no absolute path for the container; write HOST:CONTAINER or HOST:CONTAINER:ro, one volume a line'),
  )
  expect(() => parseVolumes('x')).toThrow(/^"x" is not a volume; write HOST:CONTAINER/)
  expect(() => parseVolumes('-x:/y')).toThrow(/^"-x:\/y" has neither an absolute path nor a volume's name; /)
  expect(() => parseVolumes('/a:/b:ro,exec')).toThrow(
    '"/a:/b:ro,exec" has the option "exec", and a folder may have ro, rw, z, Z, private, rprivate, shared, rshared, slave, rslave; write',
  )
})

test('network, run-options, user', () => {
  expect(parseNetwork('container:abc')).toBe('container:abc')
  expect(() => parseNetwork('--privileged')).toThrow(/is not a valid network/)
  expect(parseRunOptions('--memory 4g\n--label "a b"')).toEqual(['--memory', '4g', '--label', 'a b'])
  expect(() => parseRunOptions('ubuntu --memory 4g')).toThrow('it begins with "ubuntu"')
  expect(() => parseRunOptions('-')).toThrow('it begins with "-"')
  expect(parseShellUser('runner')).toBe('runner')
  expect(() => parseShellUser('1000')).toThrow('"1000" is not one of root, runner')
})

test('folders have the options of both engines, and no others', () => {
  const image = { id: 'sha256:1', names: [], labels: {}, platform: 'linux/amd64', layers: 2, entrypoint: [] }
  const place = { id: '1', name: 'ddk', folders: [], lifeline: '/settings', passwd: '' }
  const engine = { name: 'docker' } as Engine
  const optionsOf = (text: string) =>
    createArguments({ engine, image, user: 'root', volumes: parseVolumes(text), runOptions: [] }, place).join(' ')
  expect(optionsOf('/a:/b:ro,z,rshared')).toContain(' --mount type=bind,source=/a,target=/b,readonly,bind-propagation=rshared ')
  expect(optionsOf('/a,b:/c"d')).toContain(' --mount type=bind,"source=/a,b","target=/c""d" ')
  expect(optionsOf('cache:/b:ro,nocopy')).toContain(' --volume cache:/b:ro,nocopy ')
  expect(() => parseVolumes('/a:/b:nocopy')).toThrow('"/a:/b:nocopy" has the option "nocopy", and a folder may have ro, rw, z, Z, private')
})

test('the root of the host is a folder like any other', () => {
  expect(mountPairs(['/'], parseVolumes('/nowhere:/x'))).toEqual(['/nowhere', '/x', '', '/'])
})

test('of folders that are mounted in each other, the innermost says where a step runs', () => {
  const mounts = parseVolumes('/nowhere/work/sub/sub:/innermost\n/nowhere/work/sub:/inner\ncache:/cache')
  const outer = ['/nowhere/work', '/nowhere/work']
  expect(mountPairs(['/nowhere/work'], mounts)).toEqual(['/nowhere/work/sub/sub', '/innermost', '/nowhere/work/sub', '/inner', ...outer])
})

test.each([
  'UID',
  'EUID',
  'PPID',
  'GROUPS',
  'RANDOM',
  'SECONDS',
  'BASHOPTS',
  'CONTAINER_CONNECTION',
  'CONTAINER_SSHKEY',
  'DOCKER_HOST',
  'CONTAINERS_CONF',
  'XDG_RUNTIME_DIR',
  'SHELLOPTS',
  'IFS',
  'PWD',
  'LD_AUDIT',
])('env: %s is refused when it is read', (name) => {
  expect(() => parseEnv(`OK=1\n${name}=5`)).toThrow(new Error(`${name} can't be passed to the container; set it in the step's script`))
})
