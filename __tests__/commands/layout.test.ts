import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { makeDdkIso } from '../fixtures/ddk-iso.ts'
import { cli, runNode } from '../support/cli.ts'
import { callsOf, fakeDocker } from '../support/fake-docker.ts'
import { run } from '../support/tools.ts'

let dir = ''
let iso = ''
const at = (name: string) => join(dir, name)
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-layout-command-'))
  iso = at('ddk.iso')
  await makeDdkIso({ iso })
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

test('convert --oci-layout writes the folder of the archive, with or without the archive', () => {
  const temp = mkdtempSync(at('temp-'))
  const alone = cli('convert', iso, '--oci-layout', at('alone'), '--temp-dir', temp, '--json')
  expect([alone.code, readdirSync(temp)]).toEqual([0, []])
  const both = cli('convert', iso, '-o', at('image.tar'), '--oci-layout', at('both'), '--json')
  const result = JSON.parse(both.stdout)
  const { manifestDigest } = result.archive
  expect(result.ociLayout).toEqual({ path: at('both'), manifestDigest })
  expect(JSON.parse(alone.stdout)).toMatchObject({ ociLayout: { path: at('alone'), manifestDigest }, layers: result.layers })
  for (const layout of ['alone', 'both']) {
    expect(JSON.parse(readFileSync(at(`${layout}/index.json`), 'utf8')).manifests).toEqual([
      expect.objectContaining({ digest: manifestDigest }),
    ])
    run('skopeo', ['copy', '--insecure-policy', `oci:${at(layout)}`, `dir:${at(`${layout}-copied`)}`])
  }
})

test('convert --compression zstd is refused for a Docker that can not load it, before anything is read', () => {
  fakeDocker(dir, `if [ $1 = info ]; then echo '{"ServerVersion":"20.10.24","Driver":"overlay2"}'; exit; fi`)
  const env = { ...process.env, PATH: `${dir}:${process.env.PATH}` }
  const { code, stderr } = runNode(['src/cli.ts', 'convert', iso, '--load', '--engine', 'docker', '--compression', 'zstd'], env)
  expect([code, stderr]).toEqual([
    2,
    expect.stringContaining(
      "--compression: docker 20.10.24 can't load layers that are compressed with zstd, which takes Docker 23 or later; choose gzip or none",
    ),
  ])
  expect(callsOf(dir).filter((call) => !call.startsWith('info'))).toEqual([])
})
