import { expect, test } from '@jest/globals'
import { isTag } from '../../src/image/config/reference.ts'
import { parseChallenges } from '../../src/registry/challenge.ts'
import { parseRepository } from '../../src/registry/repository.ts'

test.each([
  ['ghcr.io/acme/private/xenserver-ddk', 'ghcr.io', 'acme/private/xenserver-ddk', false],
  ['registry.example.com:5000/ddk', 'registry.example.com:5000', 'ddk', false],
  ['localhost/ddk', 'localhost', 'ddk', true],
  ['127.0.0.5:5000/a/b', '127.0.0.5:5000', 'a/b', true],
  ['[::1]:5000/a', '[::1]:5000', 'a', true],
  ['docker.io/acme/ddk', 'registry-1.docker.io', 'acme/ddk', false],
  ['docker.io/ddk', 'registry-1.docker.io', 'library/ddk', false],
  ['index.docker.io/ddk', 'registry-1.docker.io', 'library/ddk', false],
  ['index.docker.io/acme/ddk', 'registry-1.docker.io', 'acme/ddk', false],
  [`ghcr.io/${'a'.repeat(255)}`, 'ghcr.io', 'a'.repeat(255), false],
  ['[::2]:5000/a', '[::2]:5000', 'a', false],
  ['localhost.example.com/a', 'localhost.example.com', 'a', false],
  ['localhost:5000/a', 'localhost:5000', 'a', true],
  ['127.0.0.1.example.com/a', '127.0.0.1.example.com', 'a', false],
])('%s is a repository', (text, host, name, isLocal) => {
  expect(parseRepository(text)).toMatchObject({ text, host, name, isLocal })
})

test.each([
  ['acme/ddk', 'it must begin with the host of a registry'],
  ['ghcr.io', 'it must begin with the host of a registry'],
  ['https://ghcr.io/acme/ddk', 'leave the scheme out'],
  ['ghcr.io/acme/ddk:6.5', 'it must have neither a tag nor a digest'],
  [`ghcr.io/acme/ddk@sha256:${'0'.repeat(64)}`, 'it must have neither a tag nor a digest'],
  ['ghcr.io/Acme/ddk', 'it must be lower-case: "acme/ddk"'],
  ['ghcr.io/acme//ddk', `the name "acme//ddk" isn't valid`],
  ['ghcr.io/../ddk', `the name "../ddk" isn't valid`],
  ['user@ghcr.io/ddk', '"user@ghcr.io" is not a host and port'],
  ['/ddk', 'it must begin with the host of a registry'],
  ['ghcr.io/', `the name "" isn't valid`],
  ['ghcr.io?x/ddk', '"ghcr.io?x" is not a host and port'],
  ['ghcr.io#x/ddk', '"ghcr.io#x" is not a host and port'],
  ['ghcr.io\\x/ddk', '"ghcr.io\\\\x" is not a host and port'],
  ['ghcr.io /ddk', '"ghcr.io " is not a host and port'],
  ['gh\tcr.io/ddk', '"gh\\tcr.io" is not a host and port'],
  [':secret@ghcr.io/ddk', '":secret@ghcr.io" is not a host and port'],
  [':5000/ddk', '":5000" is not a host and port'],
  ['ghcr.io:port/ddk', '"ghcr.io:port" is not a host and port'],
  [`ghcr.io/${'a'.repeat(256)}`, "isn't valid"],
])('%s is none', (text, why) => {
  expect(() => parseRepository(text)).toThrow(why)
})

test('tags', () => {
  expect(['6.5.0-90233c', 'a'.repeat(128), '_x'].every(isTag)).toBe(true)
  expect(['', 'a'.repeat(129), '.x', '-x', 'a+b', 'a~b', 'a/b', 'a\n'].some(isTag)).toBe(false)
})

test.each([
  ['Basic realm="x"', [['basic', { realm: 'x' }]]],
  [
    'Bearer realm="https://a/t",service="s",scope="repository:a/b:pull,push"',
    [['bearer', { realm: 'https://a/t', service: 's', scope: 'repository:a/b:pull,push' }]],
  ],
  [
    'Negotiate, Basic realm=plain , Bearer realm="a\\"b"',
    [
      ['negotiate', {}],
      ['basic', { realm: 'plain' }],
      ['bearer', { realm: 'a"b' }],
    ],
  ],
  ['BEARER Realm = "x" , service = y', [['bearer', { realm: 'x', service: 'y' }]]],
  ['', []],
  ['"', []],
])('the challenges of %s', (header, expected) => {
  expect(parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)])).toEqual(expected)
})

test('a hostile challenge takes no time', () => {
  const start = process.cpuUsage().user
  for (const text of [`Bearer ${'a='.repeat(50_000)}`, `Bearer a="${'\\'.repeat(50_000)}`, ' '.repeat(100_000), ','.repeat(100_000)])
    parseChallenges(text)
  expect(process.cpuUsage().user - start).toBeLessThan(5_000_000)
})
