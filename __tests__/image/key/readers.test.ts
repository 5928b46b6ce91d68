import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from '@jest/globals'
import { sha256Of } from '../../../src/bytes/digest.ts'
import { fileSystemFormats } from '../../../src/disk/filesystem/formats.ts'
import type { Inspection } from '../../../src/disk/inspection.ts'
import { writerRevision } from '../../../src/image/key/recipe.ts'
import { cli } from '../../support/cli.ts'

// What the readers find in a small input of each format, to the last byte. The recipe in an image's key can't notice a change there: it is
// made from a tree that no reader has read. So whoever changes what a reader finds has to raise the revision, or caches and engines go on to
// give the images of before.

const folder = fileURLToPath(new URL('./inputs/', import.meta.url))
const inputs = readdirSync(folder).filter((name) => name.endsWith('.gz'))

/** Of each input: by revision, from which on the readers find this in it. A digest is never replaced, only followed by one of a higher revision. */
const golden = JSON.parse(readFileSync(join(folder, 'golden.json'), 'utf8')) as Record<string, Record<string, string>>

/** Every field of every entry, and which DDK it is. */
function found(input: string): string {
  const listed = cli('list', join(folder, input), '--json', '--sha256')
  expect([listed.code, listed.stderr]).toEqual([0, ''])
  return sha256Of(listed.stdout + JSON.stringify(inspection(input).identity ?? {})).slice(0, 32)
}

function inspection(input: string): Inspection {
  return JSON.parse(cli('inspect', join(folder, input), '--json').stdout) as Inspection
}

test.each(inputs)('%s', (input) => {
  const digests = golden[input] ?? {}
  const latest = Math.max(...Object.keys(digests).map(Number))
  const now = found(input)
  if (latest > writerRevision || digests[latest] !== now) {
    throw new Error(`The readers find something else in ${input} than before, so images of the same ISO change. If that is meant, raise
writerRevision in src/image/key/recipe.ts, and add to the line of ${input} in __tests__/image/key/inputs/golden.json: "REVISION": "${now}"`)
  }
})

test('each digest is of an input that is there', () => {
  expect(Object.keys(golden).sort()).toEqual([...inputs].sort())
})

describe('there is an input', () => {
  const inspections = inputs.map(inspection)
  const has = (what: (one: Inspection) => unknown) => new Set(inspections.flatMap(what))

  test('of each filesystem that is read', () => {
    // A format's name is the usual one, of which a filesystem's type is a kind: ext, ext3.
    const types = [...has(({ volumes = [], iso }) => [...volumes.map(({ holds }) => holds), ...(iso ? ['iso9660'] : [])])].map(String)
    const missing = fileSystemFormats.filter(({ name }) => !types.some((type) => type.startsWith(name.replace(/\W/g, ''))))
    expect(missing.map(({ name }) => name)).toEqual([])
  })

  test('of each container', () => {
    expect([...has(({ kind }) => kind)]).toEqual(expect.arrayContaining(['iso', 'xva', 'file']))
    expect([...has(({ image }) => image?.format)]).toEqual(expect.arrayContaining(['raw', 'dynamic VHD', 'fixed VHD']))
    expect([...has(({ disk }) => disk?.scheme)]).toEqual(expect.arrayContaining(['none', 'mbr', 'gpt']))
    expect(inspections.some(({ volumeGroups }) => volumeGroups?.length)).toBe(true)
    expect([...has(({ packedAs = [] }) => packedAs)]).toEqual(expect.arrayContaining(['gzip', 'zip']))
  })
})
