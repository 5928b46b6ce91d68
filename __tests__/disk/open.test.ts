import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { listTree } from '../../src/disk/filesystem/listing.ts'
import { openRoot } from '../../src/disk/open.ts'
import { makeDdkIso } from '../fixtures/ddk-iso.ts'
import { randomNumbers } from '../support/mutants.ts'
import { withTempDir } from '../support/tools.ts'

/** What is read of an ISO, or why it can't be: the last word of a conversion. */
async function read(iso: string, tempDir: string): Promise<{ listing?: string; problem?: string }> {
  const warnings: string[] = []
  const errors: string[] = []
  try {
    const root = await openRoot(iso, { tempDir, warn: (sentence) => warnings.push(sentence) })
    try {
      const entries = [...listTree(root.tree, { sha256: true, onLost: ({ message }) => errors.push(message) })]
      for (const { error } of entries) if (error !== undefined) errors.push(error)
      root.finish()
      return { listing: JSON.stringify(entries), ...([...errors, ...warnings][0] && { problem: [...errors, ...warnings][0]! }) }
    } catch (error) {
      throw root.causeOf(error)
    } finally {
      root.close()
    }
  } catch (error) {
    if ((error as Error).name !== 'DiskError') throw error
    return { problem: (error as Error).message }
  }
}

describe('an ISO that was damaged on its way', () => {
  async function withDamaged(
    use: (whole: string, damaged: (change: (bytes: Buffer) => Buffer | undefined) => ReturnType<typeof read>) => Promise<void>,
  ) {
    await withTempDir(async (dir) => {
      const iso = join(dir, 'small.iso')
      await makeDdkIso({ iso, chunkBytes: 4_000_000 })
      const original = readFileSync(iso)
      const damaged = join(dir, 'damaged.iso')
      await use((await read(iso, dir)).listing!, (change) => {
        const copy = Buffer.from(original)
        writeFileSync(damaged, change(copy) ?? copy)
        return read(damaged, dir)
      })
    })
  }

  test('is never silently read as another one: a bit flipped anywhere', async () => {
    await withDamaged(async (whole, damaged) => {
      const below = randomNumbers(20)
      let problems = 0
      for (let index = 0; index < 120; index++) {
        const { listing, problem } = await damaged((bytes) => {
          // Every second one where the ISO's own directories and ova.xml are.
          const at = index % 2 === 0 ? 32768 + below(40_000) : below(bytes.length)
          bytes[at]! ^= 1 << below(8)
          return undefined
        })
        if (problem === undefined) expect(listing).toBe(whole)
        else problems++
      }
      expect(problems).toBeGreaterThan(40)
    })
  })

  test('is never silently read as another one: cut anywhere', async () => {
    await withDamaged(async (whole, damaged) => {
      const size = readLength(damaged)
      for (let length = 0; length < size; length += 65_536) {
        const { listing, problem } = await damaged((bytes) => bytes.subarray(0, length))
        expect(problem).toBeDefined()
        // The padding at the end may be lacking.
        if (listing !== undefined) expect(listing).toBe(whole)
      }
    })
  })

  test('the chunk is named, not what its bytes made of the filesystem', async () => {
    await withDamaged(async (_whole, damaged) => {
      const found = new Set<string>()
      for (let index = 0; index < 30; index++) {
        const { problem } = await damaged((bytes) => {
          bytes[71_000 + index * 400]! ^= 0x10
          return undefined
        })
        if (problem !== undefined) found.add(problem.replace(/\d+/g, 'N').replace(/\(.*\)/, '(…)'))
      }
      expect([...found]).toEqual(['ddk/xvda/chunk-N.gz: its gzip data is damaged (…); the ISO is damaged or incomplete; download it again'])
    })
  })
})

function readLength(damaged: (change: (bytes: Buffer) => undefined) => unknown): number {
  let length = 0
  damaged((bytes) => {
    length = bytes.length
    return undefined
  })
  return length
}
