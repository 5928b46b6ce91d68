import { createHash } from 'node:crypto'
import { walk } from '../../disk/filesystem/tree.ts'
import type { Architecture } from '../../disk/root/architecture.ts'
import { type ImageConfig, imageConfig } from '../config/config.ts'
import { type BuildEnvironment, buildEnvironment } from '../environment/environment.ts'
import { tarPieces } from '../tar/tar.ts'
import { sampleTree } from './sample-tree.ts'

/** The configuration of an image of the sample, which contains the digests of its layers. */
export function sampleImage(architecture: Architecture, withEnvironment: boolean): ImageConfig {
  const tree = sampleTree()
  const created = 1_420_000_000
  const identity = { product: 'XenServer DDK', version: '1.2.3', build: '4c', kernelVersion: '1.2.3', architecture }
  const environment: BuildEnvironment | undefined = withEnvironment ? buildEnvironment(tree, identity, created, () => {}) : undefined
  const root = tarPieces(walk(tree), { allocate: (size) => new Uint8Array(size), warn: () => {}, pieceSize: 64 << 10 })
  const layers = [{ diffId: digestOf(root), createdBy: 'root' }]
  if (environment) layers.push({ diffId: digestOf([environment.layer]), createdBy: 'environment' })
  return imageConfig({ identity, isoSha256: '0'.repeat(64), created }, '', layers, environment)
}

function digestOf(pieces: Iterable<Uint8Array>): string {
  const hash = createHash('sha256')
  for (const piece of pieces) hash.update(piece)
  return `sha256:${hash.digest('hex')}`
}
