import { ComponentType, LicenseAcknowledgement } from '@cyclonedx/cyclonedx-library/Enums'
import {
  Bom,
  Component,
  ComponentRepository,
  LicenseRepository,
  Metadata,
  NamedLicense,
  OrganizationalEntity,
  Property,
  PropertyRepository,
  SpdxLicense,
  Tools,
} from '@cyclonedx/cyclonedx-library/Models'
import { JSON as InJson, JsonSerializer } from '@cyclonedx/cyclonedx-library/Serialize'
import { isSupportedSpdxId } from '@cyclonedx/cyclonedx-library/SPDX'
import { Spec1dot6 } from '@cyclonedx/cyclonedx-library/Spec'
import { sha256Of } from '../bytes/digest.ts'
import type { Identity } from '../disk/root/identity.ts'
import { labelPrefix } from '../image/config/labels.ts'
import { purlOf } from './purl.ts'
import { fullName, type RpmPackage } from './rpm-package.ts'

/** The image that a bill of materials is about. */
export interface BomSubject {
  readonly identity: Identity
  /** In hexadecimal; empty if the image wasn't made from a single file. */
  readonly isoSha256: string
  /** `sha256:…`, as the engine names it. */
  readonly imageId: string
  /** In RFC 3339 format, if it is known. */
  readonly created: string | undefined
}

/**
 * A bill of materials in CycloneDX's JSON format, version 1.6. The same arguments give the same bytes: its time is the image's, and its
 * serial number comes from its content.
 * @param packages in order
 */
export function bomText(subject: BomSubject, packages: readonly RpmPackage[]): string {
  const bom = new Bom({
    metadata: new Metadata({
      ...timestampOf(subject.created),
      tools: new Tools({ components: new ComponentRepository([toolComponent()]) }),
      component: imageComponent(subject),
    }),
    components: new ComponentRepository(packages.map((entry) => packageComponent(entry, distroOf(subject.identity)))),
  })
  bom.serialNumber = `urn:uuid:${uuidOf(serialized(bom))}`
  return serialized(bom)
}

function serialized(bom: Bom): string {
  const text = new JsonSerializer(new InJson.Normalize.Factory(Spec1dot6)).serialize(bom)
  // The library writes a graph without edges, which would say that no package needs another one.
  const { dependencies: _, ...rest } = JSON.parse(text) as Record<string, unknown>
  return `${JSON.stringify(rest, null, 2)}\n`
}

/** A UUID of version 8 (RFC 9562): 122 bits of the text's SHA-256. */
function uuidOf(text: string): string {
  const bytes = Buffer.from(sha256Of(text), 'hex')
  bytes[6] = (bytes[6]! & 0x0f) | 0x80
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  return bytes.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

function timestampOf(created: string | undefined): { timestamp?: Date } {
  const timestamp = new Date(created ?? '')
  return Number.isNaN(timestamp.getTime()) ? {} : { timestamp }
}

function toolComponent(): Component {
  return new Component(ComponentType.Application, 'xenserver-ddk-action', { bomRef: 'xenserver-ddk-action' })
}

function imageComponent({ identity, isoSha256, imageId }: BomSubject): Component {
  const { product = 'XenServer DDK', version, build, kernelVersion, architecture } = identity
  const fullVersion = [version, build].filter((part) => part !== undefined).join('-')
  return new Component(ComponentType.Container, product, {
    bomRef: imageId,
    ...(fullVersion && { version: fullVersion }),
    // Named like the image's labels.
    properties: properties({ version, build, 'kernel-version': kernelVersion, architecture, 'iso-sha256': isoSha256, 'image-id': imageId }),
  })
}

function packageComponent(entry: RpmPackage, distro: string | undefined): Component {
  const { name, epoch, version, release, architecture, license, vendor } = entry
  return new Component(ComponentType.Library, name, {
    bomRef: fullName(entry),
    version: `${epoch === undefined ? '' : `${epoch}:`}${version}-${release}`,
    purl: purlOf(entry, distro),
    ...(vendor !== undefined && { supplier: new OrganizationalEntity({ name: vendor }) }),
    ...(license !== undefined && { licenses: new LicenseRepository([licenseOf(license)]) }),
    properties: properties({ 'rpm.epoch': epoch, 'rpm.version': version, 'rpm.release': release, 'rpm.architecture': architecture }),
  })
}

/** Most packages name their licences as their distribution did then, e.g. `GPLv2+`, not by the identifiers of SPDX. */
function licenseOf(text: string): NamedLicense | SpdxLicense {
  const acknowledgement = LicenseAcknowledgement.Declared
  return isSupportedSpdxId(text) ? new SpdxLicense(text, { acknowledgement }) : new NamedLicense(text, { acknowledgement })
}

function properties(values: Readonly<Record<string, string | undefined>>): PropertyRepository {
  const known = Object.entries(values).filter((value): value is [string, string] => Boolean(value[1]))
  return new PropertyRepository(known.map(([name, value]) => new Property(`${labelPrefix}.${name}`, value)))
}

/** For the qualifier `distro` of a package URL. */
function distroOf({ product, version }: Identity): string | undefined {
  const words = product
    ?.toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
  return [words, version].filter(Boolean).join('-') || undefined
}
