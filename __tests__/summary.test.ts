import { describe, expect, test } from '@jest/globals'
import type { Engine, Image } from '../src/engine/engine.ts'
import type { Conversion } from '../src/image/description.ts'
import { type StepReport, summaryOf } from '../src/summary.ts'
import type { KnownIso } from '../src/supply/iso/known-iso.ts'
import type { Order } from '../src/supply/order.ts'
import type { Supply } from '../src/supply/supply.ts'

const sha256 = '0123456789abcdef'.repeat(4)

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

  test('and its size', () => {
    const long = '<'.repeat(5_000_000)
    const { identity } = reportOf({}).supply
    const supply = { identity: { ...identity, version: long, build: long, kernelVersion: long } }
    expect(summaryOf(reportOf({ supply, engine: { version: long } })).length).toBeLessThan(50_000)
  })
})
