import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { openIso } from '../../../../src/disk/filesystem/iso9660/index.ts'
import { readImage, withFileSystem } from '../../../support/filesystem.ts'
import { run, sh, walkMounted, withTempDir } from '../../../support/tools.ts'

const sector = 2048

/** Three folders, one for each session. Each changes a file, and adds one. */
function makeFolders(dir: string): void {
  for (const number of [1, 2, 3]) {
    mkdirSync(join(dir, `${number}/sub`), { recursive: true })
    writeFileSync(join(dir, `${number}/changed`), `in session ${number}\n`)
    writeFileSync(join(dir, `${number}/sub/only-${number}`), `${number}\n`.repeat(number * 3000))
  }
}

/** Path, size and SHA-256 of each file. */
const files = (entries: ReturnType<typeof walkMounted>) =>
  entries.filter(({ type }) => type === 'file').map(({ path, size, sha256 }) => ({ path, size, sha256 }))

describe('of several sessions, the last is read', () => {
  test.each([0, 11_400])('a disc as it was written, with %i sectors between the sessions', async (gap) => {
    await withTempDir((dir) => {
      makeFolders(dir)
      const disc = join(dir, 'disc.iso')
      run('genisoimage', ['-quiet', '-R', '-o', disc, join(dir, '1')])
      let last = 0
      for (const number of [2, 3]) {
        const next = Math.ceil((statSync(disc).size / sector + (number === 2 ? gap : 0)) / 16) * 16
        run('genisoimage', ['-quiet', '-R', '-C', `${last},${next}`, '-M', disc, '-o', join(dir, 'session'), join(dir, String(number))])
        sh(`truncate -s ${next * sector} ${disc}; cat ${dir}/session >> ${disc}`)
        last = next
      }
      // As if the drive said where the last session begins.
      const out = join(dir, 'out')
      run('xorriso', ['-load', 'sbsector', String(last), '-indev', `stdio:${disc}`, '-osirrox', 'on', '-extract', '/', out], {
        stdio: 'pipe',
      })
      const { entries, unreadable, warnings } = readImage(disc, openIso)
      expect([unreadable, warnings]).toEqual([{}, []])
      expect(files(entries)).toEqual(files(walkMounted(out)))
      expect(files(entries).map(({ path }) => path)).toEqual(['changed', 'sub/only-1', 'sub/only-2', 'sub/only-3'])
      expect(withFileSystem(disc, openIso, ({ info }) => info.notes)).toContain('the last of 3 sessions')
    })
  })

  test('an image that xorriso added to, where the first descriptors are the newest', async () => {
    await withTempDir((dir) => {
      makeFolders(dir)
      const disc = join(dir, 'disc.iso')
      run('xorriso', ['-outdev', `stdio:${disc}`, '-map', join(dir, '1'), '/', '-commit'], { stdio: 'pipe' })
      for (const number of [2, 3]) {
        run('xorriso', ['-dev', `stdio:${disc}`, '-map', join(dir, String(number)), '/', '-commit'], { stdio: 'pipe' })
      }
      const out = join(dir, 'out')
      run('xorriso', ['-indev', `stdio:${disc}`, '-osirrox', 'on', '-extract', '/', out], { stdio: 'pipe' })
      const { entries } = readImage(disc, openIso)
      expect(files(entries)).toEqual(files(walkMounted(out)))
      expect(entries).toHaveLength(5)
    })
  })

  test('another ISO that follows is no session', async () => {
    await withTempDir((dir) => {
      makeFolders(dir)
      for (const number of [1, 2]) run('genisoimage', ['-quiet', '-R', '-o', join(dir, `${number}.iso`), join(dir, String(number))])
      const bytes = readFileSync(join(dir, '1.iso'))
      const padded = Buffer.alloc(Math.ceil(bytes.length / (16 * sector)) * 16 * sector)
      bytes.copy(padded)
      writeFileSync(join(dir, 'both.iso'), Buffer.concat([padded, readFileSync(join(dir, '2.iso'))]))
      expect(files(readImage(join(dir, 'both.iso'), openIso).entries)).toEqual(files(walkMounted(join(dir, '1'))))
    })
  })
})
