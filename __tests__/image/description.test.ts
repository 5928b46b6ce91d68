import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { streamOfFile } from '../../src/bytes/byte-stream.ts'
import { configDigest } from '../../src/image/archive/archive.ts'
import { remakeArchive } from '../../src/image/archive/remake.ts'
import { convert } from '../../src/image/convert.ts'
import { configOf, finishImage, type ImageDescription } from '../../src/image/description.ts'
import { isDescription } from '../../src/image/parse-description.ts'
import { makeDdkIso } from '../fixtures/ddk-iso.ts'
import { withTempDir } from '../support/tools.ts'

test.each(['ddk', 'host'] as const)('an image that is made again from its description is the same (uname: %s)', (uname) =>
  withTempDir(async (dir) => {
    const iso = join(dir, 'ddk.iso')
    await makeDdkIso({ iso })
    const converted = await convert({
      input: iso,
      archive: join(dir, 'image.tar'),
      compression: 'zstd',
      uname,
      tempDir: dir,
      inputSha256: Promise.resolve('ab'.repeat(32)),
      name: () => ['ddk:1'],
      warn: () => {},
      note: () => {},
    })
    const bytes = readFileSync(join(dir, 'image.tar'))
    const { names: _names, archive: _archive, ...left } = converted
    const description: unknown = JSON.parse(JSON.stringify(left))
    if (!isDescription(description)) throw new Error('the description was not recognized')
    expect(configDigest(configOf(description))).toBe(converted.archive.configDigest)
    const remade = await remakeArchive(streamOfFile(join(dir, 'image.tar'), 'it'), join(dir, 'again.tar'), description.layers)
    if ('unusable' in remade) throw new Error(remade.unusable)
    expect(finishImage(remade.archive, description, ['ddk:1'])).toMatchObject(JSON.parse(JSON.stringify(converted)))
    expect(readFileSync(join(dir, 'again.tar')).equals(bytes)).toBe(true)
  }),
)

describe('a description', () => {
  const digest = `sha256:${'0'.repeat(64)}`
  const layer = {
    diffId: digest,
    digest,
    size: 5,
    uncompressedSize: 9,
    mediaType: 'application/vnd.oci.image.layer.v1.tar+zstd',
    createdBy: 'test',
  }
  const sound: ImageDescription = {
    found: {
      identity: { product: 'XenServer DDK', version: '6.5.0', build: '90233c', kernelVersion: '3.10.0+2', architecture: 'x86_64' },
      place: 'partition 1',
      type: 'ext3',
      used: 5,
      created: 0.5,
    },
    isoSha256: '',
    tar: { members: 1, contentSize: 2, size: 3 },
    layers: [layer],
    uname: 'ddk',
    defaults: { env: ['A=b'], entrypoint: [] },
  }

  test('is known by its fields, some of which may be missing', () => {
    expect(isDescription(sound)).toBe(true)
    expect(isDescription({ ...sound, found: { ...sound.found, identity: {} } })).toBe(true)
    expect(isDescription({ ...sound, packages: 412 })).toBe(true)
    expect(isDescription({ ...sound, tar: { ...sound.tar, highestIds: { uid: 0, gid: 65_534 } } })).toBe(true)
  })

  test.each<[string, unknown]>([
    ['a kernel that could be a command', { ...sound, found: { ...sound.found, identity: { kernelVersion: '$(x)' } } }],
    ['nothing', null],
    ['a text', 'description'],
    ['a list', []],
    ['without layers', { ...sound, layers: [] }],
    ['with a layer of another kind', { ...sound, layers: [layer, null] }],
    ['with a digest that is a path', { ...sound, layers: [{ ...layer, digest: 'sha256:../../../etc/passwd' }] }],
    ['with a negative size', { ...sound, layers: [{ ...layer, size: -1 }] }],
    ['with a size that is none', { ...sound, layers: [{ ...layer, size: 2 ** 60 }] }],
    ['with a checksum that is none', { ...sound, isoSha256: 'AB'.repeat(32) }],
    ['of no architecture', { ...sound, found: { ...sound.found, identity: { architecture: 'mips' } } }],
    ['with a command to the runner', { ...sound, found: { ...sound.found, place: 'a\n::set-env name=PATH::/tmp' } }],
    ['with a base that is no text', { ...sound, found: { ...sound.found, userland: 2.5 } }],
    ['with a base of two lines', { ...sound, found: { ...sound.found, userland: 'glibc\n2.5' } }],
    ['with a number of packages that is a text', { ...sound, packages: '412' }],
    ['with a negative number of packages', { ...sound, packages: -1 }],
    ['with an owner that is none', { ...sound, tar: { ...sound.tar, highestIds: { uid: 'root', gid: 0 } } }],
    ['with an unknown choice', { ...sound, uname: 'both' }],
    ['with an environment that is none', { ...sound, defaults: { env: 'A=b', entrypoint: [] } }],
  ])('%s is none', (_, value) => expect(isDescription(value)).toBe(false))
})
