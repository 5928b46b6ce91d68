import { describe, expect, test } from '@jest/globals'
import { parseReference } from '../../../src/image/config/reference.ts'

describe('a reference', () => {
  test.each([
    ['xenserver-ddk:6.5.0-90233c', 'xenserver-ddk', '6.5.0-90233c', 'docker.io/library/xenserver-ddk:6.5.0-90233c'],
    ['xenserver-ddk', 'xenserver-ddk', 'latest', 'docker.io/library/xenserver-ddk:latest'],
    ['team/ddk:A_b.C-1', 'team/ddk', 'A_b.C-1', 'docker.io/team/ddk:A_b.C-1'],
    ['localhost/ddk:1', 'localhost/ddk', '1', 'localhost/ddk:1'],
    ['localhost:5000/ddk', 'localhost:5000/ddk', 'latest', 'localhost:5000/ddk:latest'],
    ['ghcr.io/owner/a__b/ddk:1', 'ghcr.io/owner/a__b/ddk', '1', 'ghcr.io/owner/a__b/ddk:1'],
    ['[::1]:5000/ddk:1', '[::1]:5000/ddk', '1', '[::1]:5000/ddk:1'],
    ['Registry.example:443/ddk', 'Registry.example:443/ddk', 'latest', 'Registry.example:443/ddk:latest'],
  ])('%s', (text, name, tag, canonical) => {
    expect(parseReference(text)).toEqual({ text: `${name}:${tag}`, canonical, name, tag })
  })

  test.each([
    ['', 'it is empty'],
    ['XenServer-DDK:6.5', 'it must be lower-case: "xenserver-ddk"'],
    ['ddk@sha256:00', 'digest'],
    ['ddk:', 'the tag "" must have'],
    ['ddk:3.10.0+2', 'the tag "3.10.0+2" must have'],
    [`ddk:${'x'.repeat(129)}`, 'must have 1 to 128'],
    ['a//b', 'empty part'],
    ['/b', 'empty part'],
    ['b/', 'empty part'],
    ['a b', '"a b" must be lower-case letters and digits'],
    ['-a', '"-a" must be'],
    ['a___b', '"a___b" must be'],
    ['bad_host.example/ddk', 'not a valid host and port of a registry'],
    ['host:port/ddk', 'not a valid host and port of a registry'],
    ['f'.repeat(64), 'image ID'],
    [`a/${'b'.repeat(254)}`, 'the limit is 255'],
    ['ddk\n', 'must be'],
    ['--help', 'must be'],
  ])('%j is refused', (text, why) => {
    expect(() => parseReference(text)).toThrow(Error)
    expect(() => parseReference(text)).toThrow(why)
  })
})
