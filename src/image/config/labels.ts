import { type Identity, isPlain } from '../../disk/root/identity.ts'

/** Prefix of our own labels. */
export const labelPrefix = 'io.github.xenserver-ddk-action'

/** The label with the image key, by which an image is found. */
export const keyLabel = `${labelPrefix}.key`

/**
 * Labels of an image, for people and for `labelledIdentity`. Unknown values have no label.
 * @param created in RFC 3339 format
 * @param key from `imageKey`; may be empty
 */
export function imageLabels(identity: Identity, isoSha256: string, created: string, key: string): Readonly<Record<string, string>> {
  const { product, version, build, kernelVersion, architecture } = identity
  const name = [version, build].filter((part) => part !== undefined).join('-')
  const labels: Record<string, string | undefined> = {
    'org.opencontainers.image.title': `XenServer DDK ${name}`.trimEnd(),
    'org.opencontainers.image.description':
      'The root filesystem of a XenServer Driver Development Kit, in which drivers for its Dom0 are built',
    'org.opencontainers.image.version': name,
    'org.opencontainers.image.created': created,
    [`${labelPrefix}.product`]: product,
    [`${labelPrefix}.version`]: version,
    [`${labelPrefix}.build`]: build,
    [`${labelPrefix}.kernel-version`]: kernelVersion,
    [`${labelPrefix}.architecture`]: architecture,
    [`${labelPrefix}.iso-sha256`]: isoSha256,
    [keyLabel]: key,
  }
  return Object.fromEntries(Object.entries(labels).filter((label): label is [string, string] => Boolean(label[1])))
}

/**
 * Reads what `imageLabels` wrote. Returns undefined for labels that it can't have written, because anyone who can use the engine can label
 * an image.
 */
export function labelledIdentity(labels: Readonly<Record<string, string>>): { identity: Identity; isoSha256: string } | undefined {
  const label = (name: string) => labels[`${labelPrefix}.${name}`]
  const architecture = label('architecture')
  const isoSha256 = label('iso-sha256') ?? ''
  const values = ['version', 'build', 'kernel-version'].map(label)
  if (!values.every((value) => value === undefined || isPlain(value)) || !/^(?:[0-9a-f]{64})?$/.test(isoSha256)) return undefined
  return {
    identity: {
      product: label('product'),
      version: label('version'),
      build: label('build'),
      kernelVersion: label('kernel-version'),
      architecture: architecture === 'i686' || architecture === 'x86_64' ? architecture : undefined,
    },
    isoSha256,
  }
}
