import { statSync } from 'node:fs'
import { afterEach, describe, expect, jest, test } from '@jest/globals'
import type { Engine, Image } from '../src/engine/engine.ts'
import type { Conversion } from '../src/image/description.ts'
import { bytesText } from '../src/phase/units.ts'
import { type StepReport, summaryOf, writeSummary } from '../src/summary.ts'
import type { KnownIso } from '../src/supply/iso/known-iso.ts'
import type { Order } from '../src/supply/order.ts'
import type { Supply } from '../src/supply/supply.ts'

const sha256 = '0123456789abcdef'.repeat(4)

const environment = { ...process.env }
afterEach(() => {
  process.env = { ...environment }
})

/** The rows of the table, as HTML. */
function rowsOf(report: StepReport): Record<string, string> {
  const rows = summaryOf(report).matchAll(/^<tr><th align="left">(.*?)<\/th><td>(.*)<\/td><\/tr>$/gm)
  return Object.fromEntries(Array.from(rows, ([, label, value]) => [label!, value!]))
}

function reportOf(changed: {
  supply?: Partial<Supply>
  known?: Partial<KnownIso>
  engine?: Partial<Engine>
  shell?: string
  packages?: number
}): StepReport {
  const identity = {
    product: 'XenServer DDK',
    version: '6.5.0',
    build: '90233c',
    kernelVersion: '3.10.0+2',
    architecture: 'x86_64',
  } as const
  const conversion = {
    found: { identity, place: 'partition 1', type: 'ext3', used: 9e8, created: 0, userland: 'glibc 2.5' },
    tar: { members: 33_000, contentSize: 849_200_000, size: 9e8 },
    archive: { configDigest: `sha256:${sha256}`, manifestDigest: `sha256:${'fedcba9876543210'.repeat(4)}` },
  } as unknown as Conversion
  const { archive } = conversion
  const all = { image: true, iso: true }
  const registry = { client: { repository: { text: 'ghcr.io/acme/ddk' } }, push: false } as unknown as Order['registry']
  return {
    supply: { origin: 'file', name: 'xenserver-ddk:6.5.0-90233c', identity, isoSha256: sha256, archive, conversion, ...changed.supply },
    known: { request: { kind: 'file', path: '/ddk.iso', sha256: undefined }, ...changed.known } as KnownIso,
    order: { useCache: { restore: all, save: all }, cacheHealth: { failing: false, waited: 0 }, keepArchive: true, registry } as Order,
    engine: 'engine' in changed ? ({ name: 'docker', version: '28.5.1', ...changed.engine } as Engine) : undefined,
    image: undefined,
    shell: changed.shell,
    packages: changed.packages,
    saving: [],
    tasks: [{ title: 'Make the image', start: 1000, end: 5200 }],
  }
}

test('a summary says what was made, where it came from, how long that took, and how to use it', () => {
  const summary = summaryOf(reportOf({ engine: {}, shell: 'ddk.sh' }))
  expect(summary).toMatch(/^### XenServer DDK 6\.5\.0-90233c\n/)
  expect(summary).toContain('is in docker 28.5.1. That took 4.2 s.')
  expect(summary).toContain('<th align="left">Based on</th><td>glibc 2.5</td>')
  expect(summary).toContain('<th align="left">Came from</th><td>the ISO on the runner</td>')
  expect(summary).toContain('Make the image (4.2 s) :2000-01-01 00:00:00.000, 2000-01-01 00:00:04.200')
  expect(summary).toContain('shell: ddk.sh {0}')
  expect(summary).toContain(`iso-sha256: ${sha256}`)
})

test('its table says what the image is, and what it was made from', () => {
  expect(rowsOf(reportOf({}))).toEqual({
    Kernel: '<code>3.10.0&#43;2</code>, x86&#95;64',
    'Based on': 'glibc 2.5',
    'Root filesystem': 'ext3, 33000 entries, 849.2 MB',
    Image: `<code>sha256&#58;${sha256}</code>`,
    Manifest: `<code>sha256&#58;${'fedcba9876543210'.repeat(4)}</code>`,
    'Came from': 'the ISO on the runner',
    ISO: `<code>sha256&#58;${sha256}</code>`,
  })
})

test("a manifest whose digest is the image's ID is named once", () => {
  const id = `sha256:${'3'.repeat(64)}`
  const report = reportOf({ supply: { archive: undefined as never }, engine: { store: 'containerd' } })
  const rows = rowsOf({ ...report, image: { id } as Image })
  expect([rows.Image, rows.Manifest]).toEqual([`<code>sha256&#58;${'3'.repeat(64)}</code>`, undefined])
})

test('a DDK that does not say what it is has a title', () => {
  const identity = { product: undefined, version: undefined, build: undefined, kernelVersion: undefined, architecture: undefined }
  expect(summaryOf(reportOf({ supply: { identity } }))).toMatch(/^### XenServer DDK\n/)
})

test('the step took as long as from its first task to the end of the last one', () => {
  const tasks = [
    { title: 'Make the image', start: 2000, end: 6000 },
    { title: 'Convert', start: 3000, end: 5200 },
    { title: 'Load the image', start: 6000, end: 7000 },
    { title: 'Set up ddk.sh', start: 6500, end: 6600 },
  ]
  expect(summaryOf({ ...reportOf({}), tasks })).toContain('That took 5.0 s.')
})

const iso = import.meta.filename
const isoText = `the ISO (${bytesText(statSync(iso).size)})`
test.each<[Supply['origin'], string]>([
  ['engine', 'docker, which still had it: nothing was downloaded, converted or loaded'],
  ['registry', '<code>ghcr.io/acme/ddk</code>: no ISO was downloaded or converted'],
  ['cache', 'the Actions cache: no ISO was downloaded or converted'],
  ['tool-cache', `${isoText} in the runner's tool cache: nothing was downloaded`],
  ['iso-cache', `${isoText} in the Actions cache: nothing was downloaded from its server`],
  ['download', `${isoText}, which was downloaded`],
  ['file', `${isoText} on the runner`],
])('it says where the image came from: %s', (origin, text) => {
  expect(rowsOf(reportOf({ supply: { origin, isoPath: iso }, engine: {} }))['Came from']).toBe(text)
})

test('an ISO that is gone by then has no size', () => {
  expect(rowsOf(reportOf({ supply: { isoPath: '/nowhere/ddk.iso' } }))['Came from']).toBe('the ISO on the runner')
})

describe('with an Actions cache, it says what the cache was good for', () => {
  const cacheRow = (changed: Parameters<typeof reportOf>[0], order: Partial<Order> = {}, saving: string[] = []) => {
    process.env.ACTIONS_RESULTS_URL = 'https://results.example'
    const report = reportOf(changed)
    return rowsOf({ ...report, order: { ...report.order, ...order }, saving })['Actions cache']
  }
  const kinds = (image: boolean, iso: boolean) => ({ restore: { image, iso }, save: { image, iso } })
  const failing = { cacheHealth: { failing: true, waited: 0 } }
  test.each<[string, Supply['origin'], Partial<Order>]>([
    ['had the image', 'cache', {}],
    ['had the ISO, not the image', 'iso-cache', {}],
    ["didn't have the image", 'download', {}],
    ["didn't have the image", 'download', { useCache: kinds(true, false) }],
    ["didn't have the image", 'download', { useCache: kinds(false, true) }],
    ["wasn't asked", 'download', { useCache: kinds(false, false) }],
    ['was too slow, so this step went on without it', 'download', failing],
    ["wasn't needed", 'engine', {}],
    ["wasn't needed", 'registry', {}],
  ])('%s (%s, %j)', (text, origin, order) => expect(cacheRow({ supply: { origin }, engine: {} }, order)).toBe(text))

  test.each([
    [['the image'], 'the image is saved'],
    [['the image', 'the ISO'], 'the image and the ISO are saved'],
    [['the checksum', 'the image', 'the ISO'], 'the checksum, the image and the ISO are saved'],
  ])('and what is saved to it: %j', (saving, text) => {
    expect(cacheRow({}, {}, saving)).toBe(`didn't have the image; ${text} for the next run`)
  })
})

test('a summary has the digest of the manifest, and says that a registry had the image', () => {
  const summary = summaryOf(reportOf({ supply: { origin: 'registry', manifestDigest: `sha256:${'1'.repeat(64)}` } }))
  expect(summary).toContain(`<th align="left">Manifest</th><td><code>sha256&#58;${'1'.repeat(64)}</code></td>`)
  expect(summary).toContain('<code>ghcr.io/acme/ddk</code>: no ISO was downloaded or converted')
})

test('a summary has the size of an image that was not made now, if the engine says it', () => {
  const hit = { supply: { origin: 'engine', conversion: undefined as never }, engine: {} } as const
  const image = { id: `sha256:${'2'.repeat(64)}`, size: 856_000_000 } as Image
  expect(summaryOf({ ...reportOf(hit), image })).toContain('<th align="left">Root filesystem</th><td>856.0 MB in docker</td>')
  expect(summaryOf({ ...reportOf(hit), image: { ...image, size: undefined } })).not.toContain('Root filesystem')
})

test.each([undefined, {}])('a summary has the number of packages: what rpm lists, else what the disk has (engine: %j)', (engine) => {
  const { conversion } = reportOf({}).supply
  const counted = { supply: { conversion: { ...conversion!, packages: 411 } }, ...(engine && { engine }) }
  expect(summaryOf(reportOf(counted))).toContain('<th align="left">Packages</th><td>411 RPMs</td>')
  expect(summaryOf(reportOf({ ...counted, packages: 412 }))).toContain('<th align="left">Packages</th><td>412 RPMs</td>')
  expect(summaryOf(reportOf({}))).not.toContain('Packages')
})

test('a summary has what was recorded about an image that the engine still had', () => {
  const hit = { origin: 'engine', conversion: undefined as never, facts: { userland: 'CentOS 5.11, <b>', packages: 412 } } as const
  const summary = summaryOf(reportOf({ supply: hit, engine: {} }))
  expect(summary).toContain('<th align="left">Based on</th><td>CentOS 5.11, &#60;b&#62;</td>')
  expect(summary).toContain('<th align="left">Packages</th><td>412 RPMs</td>')
  expect(summaryOf(reportOf({ supply: hit, engine: {}, packages: 413 }))).toContain('<td>413 RPMs</td>')
})

test('nothing is offered that there is not', () => {
  const summary = summaryOf(reportOf({ known: { request: { kind: 'file', path: '/ddk.iso', sha256 } } }))
  expect(summary).toContain('is an archive')
  expect(summary).not.toContain('shell:')
  expect(summary).not.toContain('docker run')
  expect(summary).not.toContain('iso-sha256:')
  expect(summary).not.toContain('Actions cache')
  const address = { kind: 'address', address: { urls: ['https://host/ddk.iso'], sha256 } } as never
  expect(summaryOf(reportOf({ known: { request: address } }))).not.toContain('iso-sha256:')
  // A folder has no checksum.
  expect(summaryOf(reportOf({ supply: { isoSha256: '' } }))).not.toContain('iso-sha256:')
})

test('the next steps are those that can be taken with what there is', () => {
  const stepsIn = (report: StepReport) => /```yaml\n([\s\S]*?)\n```/.exec(summaryOf(report))![1]
  const known = { request: { kind: 'file', path: '/ddk.iso', sha256 } } as const
  expect(stepsIn(reportOf({ known, engine: {}, shell: 'ddk.sh' }))).toBe(
    [
      '- run: make build-rpms        # runs inside the DDK',
      '  shell: ddk.sh {0}',
      '- run: >-',
      '    docker run --rm --ulimit nofile=1024:4096',
      '    -v "$PWD:/src" -w /src xenserver-ddk:6.5.0-90233c make',
    ].join('\n'),
  )
  expect(stepsIn(reportOf({ known }))).toBe(`- run: docker load --input "\${{ steps.ddk.outputs.archive }}"`)
})

test.each([
  ['mine', 'mine'],
  ['__run', 'ddk'],
  ['a b', 'ddk'],
])('the step is named as the workflow names it, if it does: %s', (id, name) => {
  process.env.GITHUB_ACTION = id
  expect(summaryOf(reportOf({}))).toContain(`steps.${name}.outputs.archive`)
})

test('without a file for it, nothing is written or said', async () => {
  delete process.env.GITHUB_STEP_SUMMARY
  const written: string[] = []
  const write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0)
  await writeSummary(reportOf({})).finally(() => write.mockRestore())
  expect(written).toEqual([])
})

test('a layout can be built on', () => {
  const report = reportOf({})
  const summary = summaryOf({ ...report, order: { ...report.order, keepArchive: false, ociLayout: '/srv/ddk' } })
  expect(summary).toContain('is an OCI layout')
  expect(summary).toContain(`docker buildx build .\n    --build-context "ddk=oci-layout://\${{ steps.ddk.outputs.oci-layout }}"`)
  expect(summary).not.toContain('docker load')
})

describe('whatever a name contains, the summary keeps its form', () => {
  const evil = '</td></table>\n\n# x\n```\n| a | b |\n:+1: @org _y_ [z](http://example.com)'
  test('in a cell', () => {
    const found = { found: { type: evil, userland: evil }, tar: { members: 1, contentSize: 1 } } as unknown as Conversion
    const { identity } = reportOf({}).supply
    const supply = {
      name: evil,
      identity: { ...identity, version: evil, kernelVersion: evil },
      conversion: { ...found, archive: found } as never,
    }
    const summary = summaryOf(reportOf({ supply, engine: { version: evil } }))
    const [before] = summary.split('<details>')
    expect(before).not.toMatch(/<\/td><\/table>|^# x|`|\| a|:\+1|@org|_y_|\[z\]|http:/m)
    expect(before!.match(/<table>/g)).toHaveLength(1)
    expect(before!.match(/<\/table>/g)).toHaveLength(1)
  })

  test('where it would turn the text around', () => {
    expect(summaryOf(reportOf({ supply: { name: 'a\u202e' } }))).toContain('<code>a&#92;u202e</code>')
  })

  test('and its size', () => {
    const long = '<'.repeat(5_000_000)
    const { identity } = reportOf({}).supply
    const supply = { identity: { ...identity, version: long, build: long, kernelVersion: long } }
    expect(summaryOf(reportOf({ supply, engine: { version: long } })).length).toBeLessThan(10_000)
  })
})
