import * as core from '@actions/core'
import type { Engine, Image } from './engine/engine.ts'
import { tellRunner } from './runner-file.ts'
import type { WrittenSbom } from './sbom/write-sbom.ts'
import type { Order } from './supply/order.ts'
import { digestOf, type Supply } from './supply/supply.ts'

/** All outputs, named as in action.yml. A value that is unknown is empty. */
interface Outputs {
  readonly image: string
  readonly 'image-id': string
  readonly 'image-digest': string
  readonly archive: string
  readonly 'oci-layout': string
  readonly 'xenserver-version': string
  readonly 'build-number': string
  readonly 'kernel-version': string
  readonly architecture: string
  readonly 'iso-sha256': string
  readonly 'iso-path': string
  readonly 'cache-hit': string
  readonly source: string
  readonly 'cache-key': string
  readonly packages: string
}

/**
 * @param cacheKey of the image; empty if it has none
 * @param sbom absent if none was requested
 */
export async function writeOutputs(
  supply: Supply,
  order: Order,
  engine: Engine | undefined,
  image: Image | undefined,
  cacheKey: string,
  sbom: WrittenSbom | undefined,
): Promise<void> {
  const { name, origin, identity, isoSha256, isoPath } = supply
  const outputs: Outputs = {
    image: name,
    'image-id': image?.id ?? supply.archive?.configDigest ?? '',
    'image-digest': digestOf(supply, engine, image) ?? '',
    archive: order.keepArchive ? order.archive : '',
    'oci-layout': order.ociLayout ?? '',
    'xenserver-version': identity.version ?? '',
    'build-number': identity.build ?? '',
    'kernel-version': identity.kernelVersion ?? '',
    architecture: identity.architecture ?? '',
    'iso-sha256': isoSha256,
    'iso-path': isoPath ?? '',
    'cache-hit': String(origin === 'engine' || origin === 'registry' || origin === 'cache'),
    source: origin,
    'cache-key': cacheKey,
    packages: sbom?.list ?? '',
  }
  await tellRunner('the outputs, so later steps find them empty', () => {
    for (const [output, value] of Object.entries(outputs)) core.setOutput(output, value)
  })
}
