import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run, sh } from '../support/tools.ts'

export interface ArchiveOptions {
  /** Path of the layer as it goes into the archive. */
  readonly layer: string
  /** Of the layer's plain tar. */
  readonly diffId: string
  readonly layerType?: 'tar' | 'tar+zstd'
  readonly tag: string
  readonly architecture?: 'amd64' | '386'
  readonly labels?: Record<string, string>
}

/** An image archive by hand and GNU tar: `manifest.json` and an OCI layout over the same blobs. Independent of what `src/image` writes. */
export function makeArchive(dir: string, path: string, options: ArchiveOptions): { config: string; manifest: string } {
  const { layer, diffId, layerType = 'tar', tag, architecture = 'amd64', labels = {} } = options
  const blobs = join(dir, 'blobs/sha256')
  mkdirSync(blobs, { recursive: true })
  const names: string[] = []
  const put = (bytes: Buffer) => {
    const digest = sha256(bytes)
    writeFileSync(join(blobs, digest), bytes)
    names.push(`blobs/sha256/${digest}`)
    return { digest: `sha256:${digest}`, size: bytes.length }
  }
  const putJson = (value: unknown) => put(Buffer.from(JSON.stringify(value)))
  const layerBlob = put(readFileSync(layer))
  const config = putJson({
    created: '2015-01-01T00:00:00Z',
    architecture,
    os: 'linux',
    config: { Labels: labels },
    rootfs: { type: 'layers', diff_ids: [diffId] },
  })
  const manifest = putJson({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config },
    layers: [{ mediaType: `application/vnd.oci.image.layer.v1.${layerType}`, ...layerBlob }],
  })
  const files = {
    'oci-layout': { imageLayoutVersion: '1.0.0' },
    'index.json': {
      schemaVersion: 2,
      manifests: [
        {
          mediaType: 'application/vnd.oci.image.manifest.v1+json',
          ...manifest,
          annotations: { 'io.containerd.image.name': `docker.io/library/${tag}` },
        },
      ],
    },
    'manifest.json': [{ Config: names[1], RepoTags: [tag], Layers: [names[0]] }],
  }
  for (const [name, value] of Object.entries(files)) writeFileSync(join(dir, name), JSON.stringify(value))
  run('tar', ['-C', dir, '-cf', path, ...Object.keys(files), ...names])
  return { config: config.digest, manifest: manifest.digest }
}

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** A layer with a static busybox in it, and a file that makes it different from others. */
export function makeLayer(dir: string, note = ''): string {
  const root = join(dir, 'root/bin')
  mkdirSync(root, { recursive: true })
  writeFileSync(join(root, 'note'), note)
  sh('cp "$(command -v busybox)" "$D/root/bin/busybox" && tar -C "$D/root" -cf "$D/layer.tar" bin', env(dir))
  return join(dir, 'layer.tar')
}

/** A tar that no engine can unpack: a hard link to what isn't there. */
export function makeBrokenLayer(dir: string): string {
  sh('mkdir "$D/bad" && cd "$D/bad" && echo x > a && ln a b && tar -cf ../bad.tar a b && tar --delete -f ../bad.tar a', env(dir))
  return join(dir, 'bad.tar')
}

function env(dir: string) {
  return { env: { ...process.env, D: dir } }
}
