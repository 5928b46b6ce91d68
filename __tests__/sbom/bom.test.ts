import { Version } from '@cyclonedx/cyclonedx-library/Spec'
import { JsonStrictValidator } from '@cyclonedx/cyclonedx-library/Validation'
import { expect, test } from '@jest/globals'
import { bomText } from '../../src/sbom/bom.ts'
import { inOrder, type RpmPackage } from '../../src/sbom/rpm-package.ts'

const subject = {
  identity: { product: 'XenServer DDK', version: '6.5.0', build: '90233c', kernelVersion: '3.10.0+2', architecture: 'x86_64' },
  isoSha256: '0123456789abcdef'.repeat(4),
  imageId: `sha256:${'fedcba9876543210'.repeat(4)}`,
  created: '2015-01-21T12:00:00Z',
} as const

const packages: readonly RpmPackage[] = inOrder([
  { name: 'bash', version: '3.2', release: '32.el5', architecture: 'i386', license: 'GPLv2+', vendor: 'CentOS' },
  { name: 'perl', epoch: '4', version: '5.8.8', release: '27.el5', architecture: 'i386', license: 'MIT', vendor: 'Red Hat, Inc.' },
  { name: 'xen++', version: '4.4^1', release: '1', architecture: 'x86_64', vendor: 'Citrix Systems, Inc.' },
  { name: 'none', version: '1', release: '1', architecture: 'noarch', license: '"<&>" 100%', vendor: 'a//ü?#@ b' },
  { name: 'bare', version: '1', release: '1', architecture: 'noarch' },
])

/** What CycloneDX's own JSON schema says against a text; unknown fields are errors. */
const complaints = (text: string) => new JsonStrictValidator(Version.v1dot6).validate(text)

interface Bom {
  readonly serialNumber: string
  readonly metadata: { readonly timestamp?: string; readonly component: unknown }
  readonly components: readonly { readonly name: string; readonly purl: string; readonly [field: string]: unknown }[]
}
const parse = (text: string) => JSON.parse(text) as Bom

test("a bill of materials is valid by CycloneDX's schema", async () => {
  expect(await complaints(bomText(subject, packages))).toBeNull()
  const unknown = { product: undefined, version: undefined, build: undefined, kernelVersion: undefined, architecture: undefined }
  expect(await complaints(bomText({ identity: unknown, isoSha256: '', imageId: subject.imageId, created: undefined }, packages))).toBeNull()
})

test('the schema would find an error', async () => {
  expect(await complaints(bomText(subject, packages).replace('"bomFormat"', '"format"'))).not.toBeNull()
})

test('it says what the image is', () => {
  const { metadata } = parse(bomText(subject, packages))
  const property = (name: string, value: string) => ({ name: `io.github.xenserver-ddk-action.${name}`, value })
  expect(metadata.timestamp).toBe('2015-01-21T12:00:00.000Z')
  expect(metadata.component).toEqual({
    type: 'container',
    name: 'XenServer DDK',
    version: '6.5.0-90233c',
    'bom-ref': subject.imageId,
    properties: [
      property('version', '6.5.0'),
      property('build', '90233c'),
      property('kernel-version', '3.10.0+2'),
      property('architecture', 'x86_64'),
      property('iso-sha256', subject.isoSha256),
      property('image-id', subject.imageId),
    ],
  })
})

test('each package has all that rpm says about it', () => {
  const { components } = parse(bomText(subject, packages))
  expect(components.map(({ name }) => name)).toEqual(['bare', 'bash', 'none', 'perl', 'xen++'])
  expect(components[3]).toEqual({
    type: 'library',
    name: 'perl',
    version: '4:5.8.8-27.el5',
    'bom-ref': 'perl-4:5.8.8-27.el5.i386',
    supplier: { name: 'Red Hat, Inc.' },
    licenses: [{ license: { id: 'MIT', acknowledgement: 'declared' } }],
    purl: 'pkg:rpm/redhat/perl@5.8.8-27.el5?arch=i386&distro=xenserver-ddk-6.5.0&epoch=4',
    properties: [
      { name: 'io.github.xenserver-ddk-action.rpm.epoch', value: '4' },
      { name: 'io.github.xenserver-ddk-action.rpm.version', value: '5.8.8' },
      { name: 'io.github.xenserver-ddk-action.rpm.release', value: '27.el5' },
      { name: 'io.github.xenserver-ddk-action.rpm.architecture', value: 'i386' },
    ],
  })
  expect(components[1]!.licenses).toEqual([{ license: { name: 'GPLv2+', acknowledgement: 'declared' } }])
  expect(components[0]).not.toHaveProperty('supplier')
})

test('package URLs are those of the purl specification', () => {
  expect(parse(bomText(subject, packages)).components.map(({ purl }) => purl)).toEqual([
    'pkg:rpm/bare@1-1?arch=noarch&distro=xenserver-ddk-6.5.0',
    'pkg:rpm/centos/bash@3.2-32.el5?arch=i386&distro=xenserver-ddk-6.5.0',
    'pkg:rpm/a/%C3%BC%3F%23%40%20b/none@1-1?arch=noarch&distro=xenserver-ddk-6.5.0',
    'pkg:rpm/redhat/perl@5.8.8-27.el5?arch=i386&distro=xenserver-ddk-6.5.0&epoch=4',
    'pkg:rpm/citrix%20systems%2C%20inc./xen%2B%2B@4.4%5E1-1?arch=x86_64&distro=xenserver-ddk-6.5.0',
  ])
})

test('the same content gives the same bytes, and another content another serial number', () => {
  const text = bomText(subject, packages)
  expect(bomText(subject, packages)).toBe(text)
  expect(parse(text).serialNumber).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(parse(bomText(subject, packages.slice(1))).serialNumber).not.toBe(parse(text).serialNumber)
})

test('an image whose time is unknown or nonsense has a bill without a time', () => {
  for (const created of [undefined, 'x']) expect(parse(bomText({ ...subject, created }, packages)).metadata).not.toHaveProperty('timestamp')
})
