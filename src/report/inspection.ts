import { oneLine } from '../bytes/text.ts'
import type { Appliance } from '../disk/appliance/ova.ts'
import type { FileSystemInfo } from '../disk/filesystem/format.ts'
import type { IsoDescription } from '../disk/filesystem/iso9660/index.ts'
import type { InspectedContent, InspectedGroup, InspectedVolume, Inspection } from '../disk/inspection.ts'
import type { VhdInfo } from '../disk/vhd/index.ts'
import type { XvaDescription } from '../disk/xva/ova.ts'
import { bytesText } from '../phase/units.ts'

/** Formats an inspection for people, who paste it into a bug report: a block for each layer, with everything that was found. */
export function inspectionText(inspection: Inspection): string {
  const { chunks = [], volumes = [], volumeGroups = [], warnings, errors } = inspection
  const blocks = [
    block('Input', [
      ['path', inspection.input],
      ['kind', inspection.kind],
      ['packed as', inspection.packedAs?.join(', ')],
      ['size', size(inspection.size)],
    ]),
    inspection.iso && isoBlock(inspection.iso),
    inspection.appliance && applianceBlock(inspection.appliance),
    inspection.xva && xvaBlock(inspection.xva),
    chunks.length > 0 && block(`Chunks (${chunks.length})`, chunkRows(chunks)),
    inspection.image &&
      block('Disk image', [['format', inspection.image.format], ['size', size(inspection.image.size)], ...vhdRows(inspection.image.vhd)]),
    inspection.disk &&
      block('Disk', [
        ['size', size(inspection.disk.size)],
        ['partition table', inspection.disk.scheme === 'none' ? 'none' : inspection.disk.scheme.toUpperCase()],
        ['sector size', size(inspection.disk.sectorSize)],
      ]),
    ...volumes.map(volumeBlock),
    ...volumeGroups.flatMap(groupBlocks),
    inspection.root &&
      block('Root filesystem', [['in', inspection.root.place], ...mountRows(inspection.root), ...identityRows(inspection)]),
    warnings.length > 0 && ['Warnings', ...warnings.map((text) => `  ${oneLine(text)}`)].join('\n'),
    errors.length > 0 && ['Errors', ...errors.map((text) => `  ${oneLine(text)}`)].join('\n'),
  ]
  return `${blocks.filter((text) => text).join('\n\n')}\n`
}

type Row = readonly [label: string, value: string | number | boolean | undefined]

function block(title: string, rows: readonly Row[]): string {
  const lines = rows
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([label, value]) => oneLine(`  ${label.padEnd(17)} ${value}`))
  return [title, ...lines].join('\n')
}

function size(bytes: number | undefined): string | undefined {
  if (bytes === undefined) return undefined
  return bytes < 1000 ? `${bytes} bytes` : `${bytes} bytes (${bytesText(bytes)})`
}

function isoBlock(iso: IsoDescription): string {
  const date = (time: IsoDescription['created']) => time && new Date(time.seconds * 1000).toISOString().replace('.000Z', 'Z')
  return block('ISO 9660', [
    ['volume', iso.volumeId],
    ['system', iso.systemId],
    ['publisher', iso.publisherId],
    ['preparer', iso.preparerId],
    ['application', iso.applicationId],
    ['created', date(iso.created)],
    ['modified', date(iso.modified)],
    ['block size', size(iso.blockSize)],
    ['volume size', size(iso.size)],
    ['extensions', iso.extensions.join(', ') || 'none'],
    ['read by', iso.naming],
    ['El Torito', iso.elTorito ? 'yes' : undefined],
    ['UDF bridge', iso.udfBridge ? 'yes' : undefined],
    ['hybrid', iso.hybrid.join(', ')],
    ['sessions', iso.sessions > 1 ? iso.sessions : undefined],
  ])
}

function fields(object: object): string {
  return Object.entries(object)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
}

function applianceBlock({ label, version, build, bootLine, isHvm, vbds, vdis }: Appliance): string {
  return block('ova.xml', [
    ['label', label],
    ['version', version],
    ['build', build],
    ['boot line', bootLine],
    ['HVM', isHvm ? 'yes' : 'no'],
    ...vbds.map((vbd): Row => ['vbd', fields(vbd)]),
    ...vdis.map((vdi): Row => ['vdi', fields(vdi)]),
  ])
}

function xvaBlock({ exportedBy, label, bootLine, bootloader, disks }: XvaDescription): string {
  return block('XVA', [
    ['exported by', exportedBy],
    ['label', label],
    ['boot line', bootLine],
    ['bootloader', bootloader],
    ...disks.map((disk): Row => ['disk', fields(disk)]),
  ])
}

/** All chunks but the last are alike, so the first ones and the last are enough. */
function chunkRows(chunks: NonNullable<Inspection['chunks']>): Row[] {
  const rows = chunks.map(
    ({ name, size: bytes, gzipped }): Row => [name.split('/').at(-1)!, `${size(bytes)}${gzipped ? '' : ', not compressed'}`],
  )
  return rows.length <= 6 ? rows : [...rows.slice(0, 4), ['…', `${rows.length - 5} more`], rows.at(-1)!]
}

function vhdRows(vhd: VhdInfo | undefined): Row[] {
  if (!vhd) return []
  return [
    ['created by', vhd.creator],
    ['UUID', vhd.uuid],
    ['disk size', size(vhd.currentSize)],
    ['original size', size(vhd.originalSize)],
    ['geometry size', size(vhd.geometrySize)],
    ['block size', size(vhd.blockSize)],
    ['blocks', vhd.blocks !== undefined ? `${vhd.allocatedBlocks} of ${vhd.blocks} allocated` : undefined],
    ['batmap', vhd.batmap ? 'yes' : undefined],
  ]
}

function volumeBlock(volume: InspectedVolume): string {
  const title = volume.number === 0 ? 'Whole disk' : `Partition ${volume.number}`
  return block(title, [
    ['start', volume.number === 0 ? undefined : `byte ${volume.start} (sector ${volume.start / 512} of 512)`],
    ['size', size(volume.size)],
    ['type', [volume.type, volume.typeName].filter(Boolean).join(', ')],
    ['name', volume.name],
    ['partition UUID', volume.uuid],
    ['bootable', volume.bootable ? 'yes' : undefined],
    ...contentRows(volume),
  ])
}

function contentRows({ holds, fileSystem, error }: InspectedContent): Row[] {
  return [['holds', holds], ...fileSystemRows(fileSystem), ['error', error]]
}

function groupBlocks({ name, uuid, seqno, extentSize, physicalVolumes, logicalVolumes }: InspectedGroup): string[] {
  return [
    block(`Volume group ${name}`, [
      ['UUID', uuid],
      ['change', seqno],
      ['extent size', size(extentSize)],
      ...physicalVolumes.map(
        (pv): Row => ['physical volume', `${pv.uuid}, ${size(pv.size)}, ${[pv.place, pv.problem].filter(Boolean).join(', ')}`],
      ),
    ]),
    ...logicalVolumes.map((volume) =>
      block(`Logical volume ${name}/${volume.name}`, [
        ['UUID', volume.uuid],
        ['size', size(volume.size)],
        ['type', volume.types.join(', ')],
        ...contentRows(volume),
      ]),
    ),
  ]
}

function mountRows({ mounts, leftOut }: NonNullable<Inspection['root']>): Row[] {
  return [
    ...mounts.map(({ path, place, line }): Row => ['mounted', `${path}: ${place} (/etc/fstab, line ${line})`]),
    ...leftOut.map(({ path, what, line, why }): Row => ['left out', `${path}: ${what} (/etc/fstab, line ${line}): ${why}`]),
  ]
}

function fileSystemRows(info: FileSystemInfo | undefined): Row[] {
  if (!info) return []
  return [
    ['label', info.label],
    ['UUID', info.uuid],
    ['block size', size(info.blockSize)],
    ['filesystem size', `${size(info.size)}, ${bytesText(info.free)} free`],
    ['features', info.features.join(' ')],
    ...info.notes.map((note): Row => ['note', note]),
  ]
}

function identityRows({ root, identity }: Inspection): Row[] {
  return [
    ['looks like a root', root?.looksLikeRoot ? 'yes' : 'no'],
    ['product', identity?.product ?? 'unknown'],
    ['version', identity?.version ?? 'unknown'],
    ['build', identity?.build ?? 'unknown'],
    ['kernel', identity?.kernelVersion ?? 'unknown'],
    ['architecture', identity?.architecture ?? 'unknown'],
  ]
}
