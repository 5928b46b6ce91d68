import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { makeDdkIso } from '../../fixtures/ddk-iso.ts'
import { bundle } from '../../support/cli.ts'
import { callsOf, fakeDocker } from '../../support/fake-docker.ts'
import { makeRunner } from '../../support/runner.ts'
import { run, sh } from '../../support/tools.ts'

// What becomes of a run whose engine doesn't import the lowest layer: it loads a whole archive.

let dir = ''
let iso = ''
/** A run without an import. */
let whole: Awaited<ReturnType<typeof main>>
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-import-'))
  bundle(join(dir, 'dist'))
  sh(`cp -r matchers '${dir}'`)
  iso = join(dir, 'ddk.iso')
  await makeDdkIso({ iso })
  whole = await main('if [ $1 = import ]; then exit 1; fi')
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/** Runs the action with an engine that does `extra` first. */
async function main(extra: string, inputs: Record<string, string> = {}) {
  const bin = mkdtempSync(join(dir, 'bin-'))
  fakeDocker(bin, extra)
  const runner = makeRunner(dir, join(dir, 'dist/main.cjs'), { PATH: `${bin}:${process.env.PATH}`, DOCKER_HOST: '' })
  const { code, stdout } = await runner.main({ iso, engine: 'docker', cache: 'none', ...inputs })
  const id = runner.outputs()['image-id']
  await runner.post()
  expect(readdirSync(runner.temp).filter((name) => name !== 'xenserver-ddk-shells')).toEqual([])
  return { code, stdout, id, verbs: callsOf(bin).map((call) => call.split(' ')[0]) }
}

/** Keeps the archive of every load as `archive-1`, … and goes on with it. */
const keepArchives = 'if [ $1 = load ]; then n=$(grep -c ^load calls); cat >archive-$n; exec <archive-$n; fi'

test('an engine that imports is asked once, and loads an archive with an empty file for the layer', async () => {
  const bin = join(dir, 'kept')
  const { code, id, stdout, verbs } = await main(`${keepArchives}; if [ $1 = load ]; then cp archive-1 ${bin}; fi`)
  expect([code, id]).toEqual([0, whole.id])
  expect(stdout).toContain('Converted and imported in ')
  expect(verbs.filter((verb) => ['import', 'load'].includes(verb!))).toEqual(['import', 'load'])
  const sizes = run('tar', ['-tvf', bin])
    .split('\n')
    .map((line) => line.split(/\s+/)[2])
  expect(sizes[0]).toBe('0')
})

test.each([
  ['refuses at once', 'echo "import is disabled" >&2; exit 1', 'import is disabled'],
  ['refuses in the middle', 'head -c 100000 >/dev/null; echo "no space left on device" >&2; exit 1', 'no space left on device'],
  ['refuses at the end', 'cat >/dev/null; echo "it is Tuesday" >&2; exit 1', 'it is Tuesday'],
  ['is ended', 'kill -9 $$', 'ended by SIGKILL'],
])('an engine that %s gets a whole archive', async (_name, how, reason) => {
  const { code, id, stdout, verbs } = await main(`if [ $1 = import ]; then ${how}; fi`)
  expect([code, id]).toEqual([0, whole.id])
  const [line, ...others] = stdout.split('\n').filter((text) => text.includes('an archive is made instead'))
  expect(line).toContain(`docker couldn't import the root filesystem: ${reason}`)
  expect(others).toEqual([])
  expect(verbs.filter((verb) => ['import', 'load'].includes(verb!))).toEqual(['import', 'load'])
})

test('an engine that does not tell the digest of the imported layer gets a whole archive', async () => {
  const { code, id, stdout, verbs } = await main('case "$*" in *RootFS*) echo "<no value>"; exit ;; esac')
  expect([code, id]).toEqual([0, whole.id])
  expect(stdout).toContain("docker couldn't tell the digest of the layer that it imported: it said <no value>; an archive is made instead")
  expect(verbs.filter((verb) => ['import', 'load'].includes(verb!))).toEqual(['import', 'load'])
})

test('an engine that does not load the rest gets a whole archive', async () => {
  const { code, id, stdout, verbs } = await main(
    'if [ $1 = load ] && [ $(grep -c ^load calls) = 1 ]; then cat >/dev/null; echo "EOF" >&2; exit 1; fi',
  )
  expect([code, id]).toEqual([0, whole.id])
  expect(stdout).toMatch(/^A whole archive is made: docker couldn't load .*: EOF$/m)
  expect(verbs.filter((verb) => ['import', 'load'].includes(verb!))).toEqual(['import', 'load', 'load'])
})

test('nothing is imported if the archive is kept', async () => {
  const archive = join(dir, 'kept.tar')
  const { code, id, verbs } = await main('', { archive })
  expect([code, id, existsSync(archive)]).toEqual([0, whole.id, true])
  expect(verbs).not.toContain('import')
})

test('a damaged ISO leaves nothing in the engine but what its mark finds', async () => {
  const damaged = join(dir, 'damaged.iso')
  await makeDdkIso({
    iso: damaged,
    editFolder: (folder) =>
      sh(
        `for f in $(find '${folder}' -name '*.gz' | tail -1); do printf xxxx | dd of=$f bs=1 seek=$(($(stat -c %s $f) - 8)) conv=notrunc status=none; done`,
      ),
  })
  const { code, stdout, verbs } = await main('', { iso: damaged })
  expect(code).toBe(1)
  expect(stdout).toMatch(/^::error::.*its gzip data is damaged/m)
  expect(verbs.slice(verbs.indexOf('import') + 1)).toEqual(['images'])
})
