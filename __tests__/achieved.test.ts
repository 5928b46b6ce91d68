import { statSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import {
  engineFound,
  imageLoaded,
  imageMade,
  imagePushed,
  imageSought,
  isoIdentified,
  layoutWritten,
  sbomWritten,
  shellSetUp,
} from '../src/achieved.ts'
import type { Engine } from '../src/engine/engine.ts'
import type { KnownIso } from '../src/supply/iso/known-iso.ts'
import type { Supply } from '../src/supply/supply.ts'

// The line after each group of the log.

const engine = { name: 'podman', command: 'podman', version: '5.4.2', store: 'overlay' } as Engine
const supply = {
  name: 'ddk:1',
  conversion: { tar: { members: 33_000, size: 9e8 } },
  archive: { size: 3e8 },
} as Supply

test('the engine that was found', () => {
  expect(engineFound(engine)).toEqual({ text: 'podman 5.4.2, store overlay' })
  expect(engineFound({ ...engine, command: 'docker' })).toEqual({ text: 'podman 5.4.2, by the command docker, store overlay' })
  expect(engineFound(undefined)).toEqual({ text: 'No container engine, so the image becomes an archive' })
})

describe('the ISO that was identified', () => {
  const path = import.meta.filename
  const file = { kind: 'file', path, sha256: undefined } as const
  const address = { kind: 'address', address: { urls: ['https://me:hush@host/ddk.iso?token=hush', 'https://other/ddk.iso'] } }
  const pinned = { ...address, address: { ...address.address, sha256: 'abc' } }
  test.each<[string, object, object]>([
    ['a file', { request: file, sha256: 'abc' }, { text: path, bytes: statSync(path).size }],
    ['a file that is gone', { request: { ...file, path: '/nowhere' }, sha256: 'abc' }, { text: '/nowhere' }],
    ['a file as before', { request: file, sha256: 'abc', isRecorded: true }, { text: `${path}, unchanged since it was hashed` }],
    ['a folder', { request: file }, { text: `${path}, a folder` }],
    ['an address', { request: address }, { text: 'https://host/ddk.iso, no known checksum' }],
    ['an address with a checksum', { request: pinned, sha256: 'abc' }, { text: 'https://host/ddk.iso, SHA-256 abc' }],
    ['an address as before', { request: address, sha256: 'abc' }, { text: 'https://host/ddk.iso, SHA-256 abc, fetched before' }],
  ])('%s', (_what, known, achieved) => {
    expect(isoIdentified(known as KnownIso)).toEqual(achieved)
  })
})

test('where the image was found', () => {
  const found = (origin: Supply['origin']) => imageSought({ ...supply, origin }, engine).text
  expect(imageSought(undefined, engine)).toEqual({ text: 'The image has to be made' })
  expect(found('engine')).toBe('podman already has the image')
  expect(found('registry')).toBe('The registry has the image')
  expect(found('cache')).toBe('The Actions cache has the image')
})

test('the image that was made, loaded, written and pushed, with the bytes that took the time', () => {
  expect(imageMade(supply)).toEqual({ text: 'ddk:1, 33000 files and folders', bytes: 9e8 })
  expect(imageLoaded(supply, engine)).toEqual({ text: 'podman has ddk:1', bytes: 3e8 })
  // Most of it went into the engine while it was made.
  expect(imageLoaded({ ...supply, imported: true }, engine)).toEqual({ text: 'podman has ddk:1' })
  expect(layoutWritten(supply, '/srv/ddk')).toEqual({ text: '/srv/ddk has ddk:1', bytes: 3e8 })
  expect(imagePushed({ digest: 'sha256:1', bytes: 5 })).toEqual({ text: 'The registry has the image: sha256:1', bytes: 5 })
  expect(imagePushed({ digest: 'sha256:1', bytes: 0 })).toEqual({ text: 'The registry has the image: sha256:1' })
})

test('whether steps can run, and the list of packages', () => {
  expect(shellSetUp('ddk.sh', true)).toEqual({ text: 'Later steps can run in the DDK with "shell: ddk.sh {0}"' })
  expect(shellSetUp('ddk.sh', false)).toEqual({ text: 'No step can run with "shell: ddk.sh {0}"' })
  expect(sbomWritten({ path: '/srv/sbom', list: '/tmp/list', packages: 411 })).toEqual({ text: '/srv/sbom, 411 packages' })
})
