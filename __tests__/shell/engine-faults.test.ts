import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { detectEngine } from '../../src/engine/detect.ts'
import type { Image } from '../../src/engine/engine.ts'
import { callsOf, fakeDocker } from '../support/fake-docker.ts'
import { Job } from './job.ts'

// Steps whose engine is unwell. It is a script that answers as Docker does.

const environment = { ...process.env }
const image: Image = { id: 'sha256:1', names: [], labels: {}, platform: 'linux/amd64', entrypoint: [] }
let dir = ''
let job: Job
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ddk-engine-faults-'))
  process.env.PATH = `${dir}:${environment.PATH}`
  delete process.env.DOCKER_HOST
  writeFileSync(join(dir, 'loaded'), '1')
  fakeDocker(dir)
  job = new Job()
  await job.install((await detectEngine('docker'))!, image)
})
afterEach(async () => {
  fakeDocker(dir)
  await job.end()
  process.env = { ...environment }
  rmSync(dir, { recursive: true, force: true })
})

const gone = 'container) echo "Error: No such container: x" >&2; exit 1 ;;'

test('a daemon that hangs ends a step with a sentence, after half a minute', async () => {
  fakeDocker(dir, 'exec sleep 600')
  const began = performance.now()
  expect(await job.run(':')).toEqual({
    code: 125,
    stdout: '',
    stderr: "::error::ddk.sh: docker couldn't say whether the DDK's container runs: it didn't answer within 30 seconds\n",
  })
  expect(performance.now() - began).toBeLessThan(60_000)
})

test('a daemon that is gone is no reason for a new container', async () => {
  fakeDocker(dir, 'echo "Cannot connect to the Docker daemon at unix:///run/docker.sock. Is the docker daemon running?" >&2; exit 1')
  expect((await job.run(':')).stderr).toBe(
    "::error::ddk.sh: docker couldn't say whether the DDK's container runs: Cannot connect to the Docker daemon at unix:///run/docker.sock. Is the docker daemon running?\n",
  )
})

test('why a container did not start is what the daemon said, and nothing stays in the way of the next step', async () => {
  const start = `start)
    echo 'Error response from daemon: unable to find user nobody: no matching entries in passwd file' >&2
    echo 'Error: failed to start containers: x' >&2
    exit 1 ;;`
  fakeDocker(dir, `case $1 in ${gone} ${start} esac`)
  expect(await job.run(':')).toEqual({
    code: 125,
    stdout: '',
    stderr:
      "::error::ddk.sh: docker couldn't start the DDK's container: Error response from daemon: unable to find user nobody: no matching entries in passwd file\n",
  })
  expect(callsOf(dir).at(-1)).toMatch(/^rm --force xenserver-ddk-/)
  fakeDocker(dir, `case $1 in ${gone} exec) exit 7 ;; esac`)
  expect(await job.run(':')).toEqual({ code: 7, stdout: '', stderr: '' })
})
