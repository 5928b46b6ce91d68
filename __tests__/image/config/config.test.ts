import { expect, test } from '@jest/globals'
import { imageConfig } from '../../../src/image/config/config.ts'
import { labelledIdentity } from '../../../src/image/config/labels.ts'
import { imageKey } from '../../../src/image/key/key.ts'

const unknown = { product: undefined, version: undefined, build: undefined, kernelVersion: undefined, architecture: undefined }
const nothing = { identity: unknown, isoSha256: '', created: 0 }

test('the config, byte for byte', () => {
  const identity = {
    product: 'XenServer DDK',
    version: '6.2.0',
    build: '70446c',
    kernelVersion: '2.6.32.43xen',
    architecture: 'i686' as const,
  }
  const origin = { identity, isoSha256: 'ab', created: 1.9 }
  expect(JSON.stringify(imageConfig(origin, 'the key', [{ diffId: 'sha256:1', createdBy: 'convert' }]), null, 1)).toMatchInlineSnapshot(`
"{
 "created": "1970-01-01T00:00:01Z",
 "architecture": "386",
 "os": "linux",
 "config": {
  "Env": [
   "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/root/bin"
  ],
  "Cmd": [
   "/bin/bash"
  ],
  "WorkingDir": "/root",
  "Labels": {
   "org.opencontainers.image.title": "XenServer DDK 6.2.0-70446c",
   "org.opencontainers.image.description": "The root filesystem of a XenServer Driver Development Kit, in which drivers for its Dom0 are built",
   "org.opencontainers.image.version": "6.2.0-70446c",
   "org.opencontainers.image.created": "1970-01-01T00:00:01Z",
   "io.github.xenserver-ddk-action.product": "XenServer DDK",
   "io.github.xenserver-ddk-action.version": "6.2.0",
   "io.github.xenserver-ddk-action.build": "70446c",
   "io.github.xenserver-ddk-action.kernel-version": "2.6.32.43xen",
   "io.github.xenserver-ddk-action.architecture": "i686",
   "io.github.xenserver-ddk-action.iso-sha256": "ab",
   "io.github.xenserver-ddk-action.key": "the key"
  }
 },
 "rootfs": {
  "type": "layers",
  "diff_ids": [
   "sha256:1"
  ]
 },
 "history": [
  {
   "created": "1970-01-01T00:00:01Z",
   "created_by": "convert"
  }
 ]
}"
`)
})

test('what every command in a container begins with comes after PATH, and before the command', () => {
  const { Env, ...config } = imageConfig(nothing, '', [], { env: ['A=b c'], entrypoint: ['/usr/bin/setarch', 'i686'] }).config
  expect(Env).toEqual([expect.stringMatching(/^PATH=/), 'A=b c'])
  expect(config).toMatchObject({ Entrypoint: ['/usr/bin/setarch', 'i686'], Cmd: ['/bin/bash'] })
  expect(imageConfig(nothing, '', []).config).not.toHaveProperty('Entrypoint')
})

test('unknown values have no label', () => {
  const { Labels } = imageConfig(nothing, '', []).config
  expect(Labels['org.opencontainers.image.title']).toBe('XenServer DDK')
  expect(Object.keys(Labels).filter((name) => name.startsWith('io.github.'))).toEqual([])
})

test('an impossible date is limited to a possible one', () => {
  const created = (seconds: number) => imageConfig({ ...nothing, created: seconds }, '', []).created
  expect([-1, Number.NaN, 1e300].map(created)).toEqual(['1970-01-01T00:00:00Z', '1970-01-01T00:00:00Z', '9999-12-31T23:59:59Z'])
})

test('the key tells ISOs and options apart, and nothing else', () => {
  const sha256 = 'AB'.repeat(32)
  const key = imageKey({ sha256 }, { uname: 'ddk', level: 3 })
  expect(key).toMatch(/^[0-9a-f]{12}-(ab){32}-[0-9a-f]{16}$/)
  expect(imageKey({ sha256: sha256.toLowerCase() }, { level: 3, uname: 'ddk' })).toBe(key)
  expect(imageKey({ sha256 }, { level: 4, uname: 'ddk' })).not.toBe(key)
  expect(imageKey({ sha256 }, { level: '3', uname: 'ddk' })).not.toBe(key)
  const address = { url: 'http://example.org/ddk.iso', etag: '"1"', size: 5 }
  const byAddress = [address, { ...address, etag: '"2"' }, { ...address, size: 6 }, { ...address, url: 'http://example.org/other.iso' }]
  expect(new Set(byAddress.map((iso) => imageKey(iso, {}))).size).toBe(4)
})

test('what the labels say is read from them again', () => {
  const identity = {
    product: 'XenServer DDK',
    version: '7.0.0',
    build: '125380c',
    kernelVersion: '3.10.0+10',
    architecture: 'x86_64' as const,
  }
  const isoSha256 = 'ab'.repeat(32)
  const labels = imageConfig({ identity, isoSha256, created: 0 }, '', []).config.Labels
  expect(labelledIdentity(labels)).toEqual({ identity, isoSha256 })
  expect(labelledIdentity({})).toEqual({ identity: unknown, isoSha256: '' })
  // Anybody who may use the engine can give an image labels, and outputs are made of them.
  for (const name of ['version', 'build', 'kernel-version', 'iso-sha256'])
    expect(labelledIdentity({ ...labels, [`io.github.xenserver-ddk-action.${name}`]: '1"; touch x #' })).toBeUndefined()
})
