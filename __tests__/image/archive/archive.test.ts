import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { type TreeEntry, walk } from '../../../src/disk/filesystem/tree.ts'
import { type ArchiveSummary, createArchive } from '../../../src/image/archive/archive.ts'
import type { Compression } from '../../../src/image/archive/frames.ts'
import { ociIndex } from '../../../src/image/archive/manifest.ts'
import { imageConfig } from '../../../src/image/config/config.ts'
import { tarPieces } from '../../../src/image/tar/tar.ts'
import { noRoot } from '../../support/machine.ts'
import type { Skip } from '../../support/reasons.ts'
import { unless } from '../../support/skip.ts'
import { run, sh, walkMounted, withTempDir } from '../../support/tools.ts'
import { entry } from '../memory-tree.ts'
import { folderTree } from '../tar/folder-tree.ts'

const origin = {
  identity: { product: 'XenServer DDK', version: '6.5.0', build: '90233c', kernelVersion: '3.10.0+2', architecture: 'x86_64' as const },
  isoSha256: 'ab'.repeat(32),
  created: 1_421_150_400,
}
const small = () => [
  entry('bin', { type: 'dir', mode: 0o755, mtime: { seconds: 1_400_000_000, nanoseconds: 5 } }),
  entry('bin/sh', { content: 'no shell', mode: 0o755, uid: 1 }),
  entry('link', { type: 'symlink', mode: 0o777, target: 'bin/sh' }),
]

describe('an archive', () => {
  test('has the digests that it had when this was written', () =>
    withTempDir(async (dir) => {
      const { configDigest, manifestDigest, layers } = await write(join(dir, 'a.tar'), [small()], 'none')
      expect([configDigest, manifestDigest, layers[0]!.diffId]).toMatchInlineSnapshot(`
[
  "sha256:815bdb0c4560cdab4b6fcebbf8318f8f9782674340df5612604a59c8ab17cf2d",
  "sha256:579bc9e362601948052277bb647f06c8d3737d2ee34b9e24159c859cc0b13f8a",
  "sha256:bd63815344ec5e1371857040e6d1300863a8493d0bb036295888f460e3fd9b43",
]
`)
    }))

  test('has the same config whatever the compression, and the same bytes in another place, zone, locale and mask', () =>
    withTempDir(async (dir) => {
      const plain = await write(join(dir, 'plain.tar'), [small()], 'none')
      const first = await write(join(dir, 'first.tar'), [small()], 'zstd')
      expect(first.configDigest).toBe(plain.configDigest)
      const { TZ, LANG } = process.env
      const [umask, cwd] = [process.umask(0o077), process.cwd()]
      try {
        Object.assign(process.env, { TZ: 'Pacific/Kiritimati', LANG: 'tr_TR.UTF-8' })
        process.chdir(dir)
        await write('second.tar', [small()], 'zstd')
      } finally {
        Object.assign(process.env, { TZ: TZ ?? '', LANG: LANG ?? '' })
        process.umask(umask)
        process.chdir(cwd)
      }
      expect(readFileSync(join(dir, 'second.tar')).equals(readFileSync(join(dir, 'first.tar')))).toBe(true)
    }))

  test('names every blob by its digest, and points to all of them in both ways', () =>
    withTempDir(async (dir) => {
      const { layers, configDigest, manifestDigest } = await write(join(dir, 'a.tar'), [small(), [entry('upper')]], 'gzip')
      sh('mkdir out && tar -xf a.tar -C out', { cwd: dir })
      const out = join(dir, 'out')
      const blobs = readdirSync(join(out, 'blobs/sha256'))
      for (const name of blobs) {
        expect(
          createHash('sha256')
            .update(readFileSync(join(out, 'blobs/sha256', name)))
            .digest('hex'),
        ).toBe(name)
      }
      expect(blobs.sort()).toEqual(
        [configDigest, manifestDigest, ...layers.map(({ digest }) => digest)].map((digest) => digest.slice(7)).sort(),
      )
      const [docker] = json(join(out, 'manifest.json')) as { Config: string; Layers: string[]; RepoTags: string[] }[]
      expect(docker!.RepoTags).toEqual(['xenserver-ddk:6.5.0-90233c', 'ghcr.io/me/ddk:1'])
      expect([docker!.Config, ...docker!.Layers]).toEqual(
        [configDigest, ...layers.map(({ digest }) => digest)].map((digest) => `blobs/sha256/${digest.slice(7)}`),
      )
      const index = json(join(out, 'index.json')) as { manifests: { annotations: Record<string, string>; digest: string }[] }
      expect(index.manifests.map(({ digest }) => digest)).toEqual([manifestDigest, manifestDigest])
      expect(index.manifests.map(({ annotations }) => Object.values(annotations))).toEqual([
        ['docker.io/library/xenserver-ddk:6.5.0-90233c', '6.5.0-90233c'],
        ['ghcr.io/me/ddk:1', '1'],
      ])
      expect(run('tar', ['-tf', join(dir, 'a.tar')]).split('\n')[0]).toBe(`blobs/sha256/${layers[0]!.digest.slice(7)}`)
    }))

  const asSkopeoReads = (compression: Compression, form: 'docker-archive' | 'oci-archive') =>
    withTempDir(async (dir) => {
      const archive = join(dir, 'a.tar')
      const { configDigest, manifestDigest, layers } = await write(archive, [small(), [entry('upper')]], compression)
      const source = form === 'oci-archive' ? `oci-archive:${archive}:6.5.0-90233c` : `docker-archive:${archive}`
      const inspected = JSON.parse(run('skopeo', ['inspect', source])) as Record<string, unknown>
      expect(inspected).toMatchObject({ Created: '2015-01-13T12:00:00Z', Architecture: 'amd64', Os: 'linux' })
      const config = run('skopeo', ['inspect', '--raw', '--config', source])
      expect(`sha256:${createHash('sha256').update(config).digest('hex')}`).toBe(configDigest)
      expect((JSON.parse(config) as ReturnType<typeof imageConfig>).rootfs.diff_ids).toEqual(layers.map(({ diffId }) => diffId))
      // Copying reads every layer, and compares each with its digest.
      run('skopeo', ['copy', '--insecure-policy', source, `dir:${join(dir, 'copied')}`])
      if (form === 'oci-archive') expect(sh('sha256sum < copied/manifest.json', { cwd: dir }).slice(0, 64)).toBe(manifestDigest.slice(7))
    })

  test.each(['zstd', 'gzip', 'none'] as const)("with %s is one that skopeo takes in Docker's form", (compression) =>
    asSkopeoReads(compression, 'docker-archive'),
  )

  // Skopeo unpacks that form first, with the owner that its tar names: root.
  unless(noRoot).test.each(['zstd', 'gzip', 'none'] as const)("with %s is one that skopeo takes in OCI's form", (compression) =>
    asSkopeoReads(compression, 'oci-archive'),
  )

  test('that is given up leaves nothing behind, nor does it touch one that was there', () =>
    withTempDir(async (dir) => {
      const archive = createArchive(join(dir, 'a.tar'))
      const layer = archive.addLayer({ compression: 'zstd' })
      await layer.write(new Uint8Array(100_000))
      expect(readdirSync(dir)).toEqual([expect.stringMatching(/^a\.tar\.[-\w]+\.part$/)])
      await archive.abort()
      expect(readdirSync(dir)).toEqual([])
      mkdirSync(join(dir, 'dir.tar'))
      await expect(write(join(dir, 'dir.tar'), [small()], 'none')).rejects.toThrow(
        `${dir}/dir.tar: it is a folder; give the name of a file`,
      )
      expect(readdirSync(dir)).toEqual(['dir.tar'])
      expect(() => createArchive(join(dir, 'none/a.tar'))).toThrow(
        `${dir}/none/a.tar: it can't be written, because there is no folder ${dir}/none; make that first`,
      )
    }))
})

test.each([
  ['ddk', 'docker.io/library/ddk:latest', 'latest'],
  ['me/ddk:1', 'docker.io/me/ddk:1', '1'],
  ['localhost/ddk:1', 'localhost/ddk:1', '1'],
  ['registry:5000/ddk', 'registry:5000/ddk:latest', 'latest'],
  ['ghcr.io/a/b/ddk:x', 'ghcr.io/a/b/ddk:x', 'x'],
])('the name %s is %s in full, with the tag %s', (reference, full, tag) => {
  const index = ociIndex({ digest: 'sha256:0', size: 0 }, imageConfig(origin, '', []), [reference])
  expect(index).toMatchObject({
    manifests: [{ annotations: { 'io.containerd.image.name': full, 'org.opencontainers.image.ref.name': tag } }],
  })
})

describe('podman', () => {
  // It runs no container of it, so that it is installed is enough.
  const noPodman: Skip | undefined = existsSync('/usr/bin/podman') ? undefined : { reason: 'no-podman' }

  unless(noRoot ?? noPodman).test.each(['zstd', 'none'] as const)('unpacks the layers (%s) as they were', (compression) =>
    withTempDir(async (dir) => {
      const source = join(dir, 'source')
      sh(
        `mkdir -p ${source}/etc ${source}/dev && cd ${source}
        head -c 100000 /bin/bash > ping; ln ping ping2; ln -s ping link; mknod dev/null c 1 3; mkfifo dev/fifo
        chown 5:300000 ping; chmod 4755 ping; setfattr -n user.x -v 0x00ff ping; setcap cap_net_raw+ep ping; setfacl -m u:33:rwx etc
        touch $'latin\\xe9' "$(printf 'o%.0s' {1..255})"; touch -d '2005-06-07 08:09:10 UTC' etc ping dev; chmod 555 etc`,
      )
      const { configDigest } = await write(join(dir, 'a.tar'), [walk(folderTree(source)), [entry('upper', { content: 'x' })]], compression)
      const podman = `podman --root ${dir}/root --runroot ${dir}/run --tmpdir ${dir}/tmp --storage-driver overlay --cgroup-manager cgroupfs --events-backend file`
      try {
        expect(sh(`${podman} load -i ${dir}/a.tar 2>/dev/null`)).toContain('localhost/xenserver-ddk:6.5.0-90233c')
        expect(sh(`${podman} image inspect -f '{{.Id}}' xenserver-ddk:6.5.0-90233c`).trim()).toBe(configDigest.slice(7))
        const mounted = sh(`${podman} image mount xenserver-ddk:6.5.0-90233c`).trim()
        const strip = (dir: string) =>
          walkMounted(dir).map(({ ino: _, mtime, ...rest }) => ({ ...rest, mtime: mtime && `${Number.parseInt(String(mtime), 10)}` }))
        expect(strip(mounted).filter(({ path }) => path !== 'upper')).toEqual(strip(source))
        expect(readFileSync(join(mounted, 'upper'), 'utf8')).toBe('x')
      } finally {
        sh(
          `${podman} image umount -af >/dev/null 2>&1; ${podman} rmi -af >/dev/null 2>&1; umount -q ${dir}/root/overlay ${dir}/root || true`,
        )
      }
    }),
  )
})

async function write(path: string, layers: Iterable<TreeEntry>[], compression: Compression): Promise<ArchiveSummary> {
  const archive = createArchive(path)
  try {
    const made: { diffId: string; createdBy: string }[] = []
    for (const entries of layers) {
      const layer = archive.addLayer({ compression })
      for (const piece of tarPieces(entries, { allocate: (size) => new Uint8Array(size), pieceSize: 1 << 16, warn: () => {} })) {
        await layer.write(piece)
      }
      made.push({ diffId: (await layer.finish()).diffId, createdBy: 'test' })
    }
    const tags = ['xenserver-ddk:6.5.0-90233c', 'ghcr.io/me/ddk:1']
    return archive.finish({ config: imageConfig(origin, 'key', made), tags })
  } catch (error) {
    await archive.abort()
    throw error
  }
}

function json(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'))
}
