import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { Inputs } from '../../../src/inputs.ts'
import { decideCacheUse } from '../../../src/supply/cache/cache-use.ts'
import { repositoryVisibility } from '../../../src/supply/cache/visibility.ts'
import type { IsoRequest } from '../../../src/supply/iso/iso-request.ts'

const environment = { ...process.env }
let dir = ''
let noticed: string[] = []
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ddk-cache-use-'))
  noticed = []
  process.env.ACTIONS_RESULTS_URL = 'http://127.0.0.1:1/'
})
afterEach(() => {
  process.env = { ...environment }
  rmSync(dir, { recursive: true, force: true })
})

/** Path of an event of a repository that is described so. */
function eventOf(repository: unknown): string {
  const path = join(dir, 'event.json')
  writeFileSync(path, JSON.stringify({ repository }))
  return path
}

describe('who may read the repository', () => {
  test.each([
    [{ visibility: 'public', private: false }, 'public'],
    [{ visibility: 'public' }, 'public'],
    [{ private: false }, 'public'],
    [{ visibility: 'private', private: true }, 'restricted'],
    [{ visibility: 'internal' }, 'restricted'],
    [{ visibility: 'private' }, 'restricted'],
    [{ private: true }, 'restricted'],
    [{}, 'unknown'],
    [{ visibility: 'other' }, 'unknown'],
    [null, 'unknown'],
  ])('%j', (repository, visibility) => {
    expect(repositoryVisibility(eventOf(repository))).toBe(visibility)
  })

  test('is unknown without a readable event', () => {
    writeFileSync(join(dir, 'half'), '{"repository":')
    writeFileSync(join(dir, 'null'), 'null')
    delete process.env.GITHUB_EVENT_PATH
    const events = [join(dir, 'half'), join(dir, 'null'), '/nowhere', undefined]
    expect(events.map((event) => repositoryVisibility(event))).toEqual(Array(4).fill('unknown'))
  })
})

const all = { image: true, iso: true }
const nothing = { image: false, iso: false }
const everybodys = { kind: 'address' } as IsoRequest
const confidential = { kind: 'address', confidential: 'it is a secret' } as IsoRequest

function decide(inputs: Partial<Inputs>, request = everybodys, repository: object = { private: true }) {
  process.env.GITHUB_EVENT_PATH = eventOf(repository)
  const complete = { cache: 'auto', restoreCache: true, saveCache: true, ...inputs } as Inputs
  return decideCacheUse(complete, request, (sentence) => noticed.push(sentence))
}

test('without a service, nothing is read or saved', () => {
  delete process.env.ACTIONS_RESULTS_URL
  delete process.env.ACTIONS_CACHE_URL
  expect(decide({ cache: 'all' })).toEqual({ restore: nothing, save: nothing })
  process.env.ACTIONS_CACHE_URL = 'http://127.0.0.1:1/'
  expect(decide({ cache: 'all' })).toEqual({ restore: all, save: all })
})

test.each([
  ['all', all],
  ['image', { image: true, iso: false }],
  ['iso', { image: false, iso: true }],
  ['none', nothing],
] as const)('cache: %s, also of what is confidential, in a public repository', (cache, kinds) => {
  expect(decide({ cache }, confidential, { private: false })).toEqual({ restore: kinds, save: kinds })
  expect(noticed).toEqual([])
})

test('one direction can be switched off', () => {
  expect(decide({ restoreCache: false })).toEqual({ restore: nothing, save: all })
  expect(decide({ saveCache: false })).toEqual({ restore: all, save: nothing })
})

test('by itself, nothing confidential goes into a cache that others may read, and that is said', () => {
  expect(decide({}, everybodys, { private: false })).toEqual({ restore: all, save: all })
  expect(decide({}, confidential, { private: true })).toEqual({ restore: all, save: all })
  expect(noticed).toEqual([])
  expect(decide({}, confidential, { private: false })).toEqual({ restore: nothing, save: nothing })
  expect(decide({}, confidential, {})).toEqual({ restore: nothing, save: nothing })
  const sentence = (why: string) => expect.stringMatching(new RegExp(`because it is a secret, and ${why}: .*set "cache: all"$`))
  expect(noticed).toEqual([sentence('this repository is public'), sentence('the event does not say whether this repository is public')])
})
