import { describe, expect, test } from '@jest/globals'
import type { Engine } from '../../src/engine/engine.ts'
import { EngineError } from '../../src/engine/errors.ts'
import { neededRanges } from '../../src/engine/id-ranges.ts'
import { failure } from '../../src/engine/images.ts'
import { provide } from '../../src/engine/provide.ts'

// What engines of Debian's bookworm, trixie and sid say; script/engines has the real ones.

const words = {
  podman:
    'Error: copying system image from manifest list: writing blob: adding layer with blob "sha256:00": processing tar file(potentially ' +
    'insufficient UIDs or GIDs available in user namespace (requested 300000:5 for /etc/owned): Check /etc/subuid and /etc/subgid if ' +
    'configured locally and run "podman system migrate": lchown /etc/owned: invalid argument): exit status 1',
  docker:
    'failed to register layer: potentially insufficient UIDs or GIDs available in user namespace (requested 300000:5 for /etc/owned): ' +
    'Check /etc/subuid and /etc/subgid: lchown /etc/owned: invalid argument',
}

/** The sentence about a load that an engine refuses with its own last word. */
async function sentence(name: Engine['name'], privileges: Engine['privileges'], highestIds?: { uid: number; gid: number }) {
  const finished = { code: 125, stdout: '', lastWord: words[name], missing: false, timedOut: false }
  const engine = {
    ...{ name, command: name, privileges, store: 'overlay' },
    find: async () => undefined,
    load: async () => {
      throw failure(name, 'load /a.tar', finished)
    },
  } as unknown as Engine
  const image = { path: '/a.tar', name: 'a:1', configDigest: 'sha256:1', manifestDigest: 'sha256:2', highestIds }
  const error = await provide(engine, image, () => {}).catch((thrown) => thrown)
  expect(error).toBeInstanceOf(EngineError)
  expect(error.kind).toBe('too-few-ids')
  return error.message.split('; ').slice(1).join('; ')
}

describe('an image with owners that the engine lacks', () => {
  test('a rootless user counts from 1, because 0 is the user', async () => {
    expect(await sentence('podman', 'rootless', { uid: 300_000, gid: 5 })).toBe(
      'the image has files of users up to 300000 and of groups up to 5, so give this user a range of 300000 ids in /etc/subuid ' +
        "and of 65536 in /etc/subgid, and run 'podman system migrate'; or use an engine that runs as root",
    )
  })

  test('the user of userns-remap counts from 0', async () => {
    expect(await sentence('docker', 'remapped', { uid: 300_000, gid: 65_536 })).toBe(
      "the image has files of users up to 300000 and of groups up to 65536, so give the user of the daemon's userns-remap a range of " +
        '300001 ids in /etc/subuid and of 65537 in /etc/subgid, and restart the daemon; or use an engine that runs as root',
    )
  })

  test('an image of unknown owners needs what everybody has', () => {
    expect(neededRanges({ name: 'podman', privileges: 'rootless' })).toBe(
      "give this user a range of 65536 ids in /etc/subuid and of 65536 in /etc/subgid, and run 'podman system migrate'; " +
        'or use an engine that runs as root',
    )
  })
})
