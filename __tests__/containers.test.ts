import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { detectEngine } from '../src/engine/detect.ts'
import { setUpShell } from '../src/shell/set-up.ts'
import { startEngine, startSidecar } from './engine/start-engine.ts'
import { makeDdkIso } from './fixtures/ddk-iso.ts'
import { makeSmallRoot } from './fixtures/small-root.ts'
import { Job } from './shell/job.ts'
import { addProgram, addPrograms, makeArchive } from './shell/roots.ts'
import { bundle } from './support/cli.ts'
import { noRoot } from './support/machine.ts'
import { noRegistry, startRegistry } from './support/registry.ts'
import { makeRunner } from './support/runner.ts'
import { unless } from './support/skip.ts'
import { run, sh } from './support/tools.ts'

// Jobs that run in containers, and on Kubernetes: with the engine's socket, with an engine that sees the work folder only, with none.

const environment = { ...process.env }
const kernel = '3.10.0+2'
let dir = ''
let iso = ''
beforeAll(async () => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'xenserver-ddk-containers-')))
  bundle(join(dir, 'action/dist'))
  sh(`cp -r matchers '${dir}/action'`)
  iso = join(dir, 'ddk.iso')
  await makeDdkIso({ iso, label: `XenServer DDK 6.5.0-90233c, ${randomUUID()}` })
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const docker = startEngine('docker')

// The job's container leaves files of root's.
unless(noRoot ?? ('skip' in docker ? docker.skip : undefined)).describe('a job in a container that has the socket of the engine', () => {
  const env = { ...process.env, ...('env' in docker ? docker.env : {}) }
  const cli = (...args: string[]) => run('docker', args, { env })
  const socket = (env.DOCKER_HOST ?? 'unix:///var/run/docker.sock').replace('unix://', '')
  const jobImage = `ddk-containers-test-${randomUUID()}`
  const containers: string[] = []

  beforeAll(() => {
    const root = join(dir, 'job-root')
    mkdirSync(root)
    makeSmallRoot(root)
    addPrograms(root)
    // For the first line of ddk.sh.
    symlinkSync('/bin/env', join(root, 'usr/bin/env'))
    for (const program of [process.execPath, sh('type -P docker').trim()]) addProgram(root, program)
    sh(`tar -C '${root}' -c . | docker import - ${jobImage}`, { env })
    rmSync(root, { recursive: true })
  })
  afterAll(() => {
    for (const container of containers) cli('rm', '--force', container)
    cli('image', 'rm', '--force', jobImage)
    if ('stop' in docker) docker.stop()
  })

  /** Starts the job's container, as the runner does. @param inside where it has the work folder */
  function startJob(inside?: string) {
    const work = mkdtempSync(join(dir, 'work-'))
    const home = inside ?? work
    mkdirSync(join(work, '_temp/_runner_file_commands'), { recursive: true })
    mkdirSync(join(work, 'repo'))
    const files = ['OUTPUT', 'PATH', 'STATE', 'ENV', 'STEP_SUMMARY']
    for (const name of files) writeFileSync(join(work, '_temp/_runner_file_commands', name), '')
    const variables = {
      GITHUB_ACTIONS: 'true',
      GITHUB_WORKSPACE: `${home}/repo`,
      RUNNER_TEMP: `${home}/_temp`,
      RUNNER_TOOL_CACHE: `${home}/_tool`,
      ...Object.fromEntries(files.map((name) => [`GITHUB_${name}`, `${home}/_temp/_runner_file_commands/${name}`])),
    }
    const options = (values: object) => Object.entries(values).flatMap(([name, value]) => ['--env', `${name}=${value}`])
    const mounts = [`${work}:${home}`, `${dir}/action:/action:ro`, `${iso}:/iso/ddk.iso:ro`, `${socket}:/var/run/docker.sock`]
    const name = `ddk-containers-test-${randomUUID()}`
    containers.push(name)
    const volumes = mounts.flatMap((mount) => ['--volume', mount])
    cli('run', '--detach', '--name', name, '--network', 'none', ...volumes, ...options(variables), jobImage, 'sleep', '1000000')
    const file = (of: string) => readFileSync(join(work, '_temp/_runner_file_commands', of), 'utf8')
    return {
      work,
      home,
      exec: (values: object, ...args: string[]) => cli('exec', '--workdir', `${home}/repo`, ...options(values), name, ...args),
      output: (wanted: string) => new RegExp(`^${wanted}<<(.*)\n(.*)\n\\1$`, 'm').exec(file('OUTPUT'))?.[2],
      path: () => file('PATH').trim(),
    }
  }
  const inputs = (image: string) => ({
    INPUT_ISO: '/iso/ddk.iso',
    INPUT_ENGINE: 'docker',
    INPUT_IMAGE: image,
    INPUT_NETWORK: 'none',
    INPUT_CACHE: 'none',
  })
  const main = (job: ReturnType<typeof startJob>, image: string) => job.exec(inputs(image), 'node', '/action/dist/main.cjs')

  test('runs steps in the DDK if the work folder has the same path outside', () => {
    const image = `${jobImage}:same`
    const job = startJob()
    try {
      const log = main(job, image)
      expect(log).toContain(`Loaded ${image}`)
      expect(log).not.toContain('::warning::')
      writeFileSync(join(job.work, '_temp/step.sh'), '/usr/local/bin/uname -r\necho made >made\n')
      expect(job.exec({}, `${job.path()}/ddk.sh`, `${job.home}/_temp/step.sh`)).toBe(`${kernel}\n`)
      expect(readFileSync(join(job.work, 'repo/made'), 'utf8')).toBe('made\n')
    } finally {
      cli('image', 'rm', '--force', image)
    }
  })

  test('says so if it has another, and the image can be used all the same', () => {
    const image = `${jobImage}:other`
    const job = startJob('/__w')
    try {
      expect(main(job, image)).toMatch(
        /^::warning::Steps with "shell: ddk\.sh \{0\}" can't run: docker doesn't see this runner's files in \/__w\/_temp, so/m,
      )
      expect(job.output('image')).toBe(image)
      expect(job.exec({}, 'docker', 'run', '--rm', '--network', 'none', image, 'uname', '-r')).toBe(`${kernel}\n`)
    } finally {
      cli('image', 'rm', '--force', image)
    }
  })
})

describe('an engine as a sidecar', () => {
  const job = new Job()
  const withAll = startSidecar([job.workspace, job.temp])
  const tag = 'ddk-containers-test:gnu'
  let archive = ''
  beforeAll(async () => {
    archive = await makeArchive(dir, tag, addPrograms)
  })
  afterAll(() => {
    process.env = { ...environment }
  })
  const { test: withSidecar } = unless('skip' in withAll ? withAll.skip : undefined)

  /** The sidecar, with the image. */
  async function engineOf(sidecar: typeof withAll) {
    Object.assign(process.env, 'env' in sidecar ? sidecar.env : {})
    const engine = (await detectEngine('docker'))!
    await engine.load(archive)
    return { engine, image: (await engine.find(tag))! }
  }

  withSidecar(
    'that shares nothing but the workspace and RUNNER_TEMP runs steps, and their files and commands are those of the job',
    async () => {
      const { engine, image } = await engineOf(withAll)
      try {
        await job.install(engine, image, { name: 'ddk.sh' })
        const script =
          'uname -r\necho made >made\necho "kernel=$(uname -r)" >>"$GITHUB_OUTPUT"\necho "$RUNNER_TEMP" >"$RUNNER_TEMP/place"\n'
        for (const user of ['root', 'runner']) {
          const step = await job.run(script, { options: ['--user', user] })
          expect(step).toEqual({ code: 0, stdout: `${kernel}\n`, stderr: '' })
        }
        expect(readFileSync(join(job.workspace, 'made'), 'utf8')).toBe('made\n')
        expect(readFileSync(join(job.temp, 'place'), 'utf8')).toBe(`${job.temp}\n`)
        expect(job.commands('GITHUB_OUTPUT')).toBe(`kernel=${kernel}\n`.repeat(2))
      } finally {
        await job.end()
        if ('stop' in withAll) withAll.stop()
      }
    },
  )

  withSidecar.each<[string, 'workspace' | 'temp']>([
    ['the workspace', 'workspace'],
    ['RUNNER_TEMP', 'temp'],
  ])('that does not share %s runs none, and the warning names the folder', async (_title, missing) => {
    const other = new Job()
    const { workspace, temp } = other
    const sidecar = startSidecar([workspace, temp].filter((folder) => folder !== other[missing]))
    try {
      const { engine, image } = await engineOf(sidecar)
      const warnings: string[] = []
      const request = { name: 'ddk.sh', env: [], user: 'root', volumes: [], network: 'none', runOptions: [] } as const
      const surroundings = {
        workspace,
        temp,
        say() {},
        warn: (line: string) => warnings.push(line),
        installed: async () => {},
        explanation: 'docs',
      }
      expect(await setUpShell(engine, image, request, surroundings)).toBe(false)
      expect(warnings).toEqual([
        expect.stringContaining(
          `ddk.sh {0}" can't run: docker doesn't see this runner's files in ${other[missing]}, so steps can't run in the DDK`,
        ),
      ])
      expect(readdirSync(workspace)).toEqual([])
    } finally {
      await other.end()
      if ('stop' in sidecar) sidecar.stop()
    }
  })
})

describe('a runner without any engine', () => {
  unless(noRegistry).test('leaves an archive and a layout, which become the same image of a registry later', async () => {
    const empty = mkdtempSync(join(dir, 'bin-'))
    const runner = makeRunner(dir, join(dir, 'action/dist/main.cjs'), { PATH: empty })
    const { code, stdout } = await runner.main({ iso, archive: 'ddk.tar', 'oci-layout': 'ddk' })
    expect([code, stdout]).toEqual([
      0,
      expect.stringContaining('::notice::No container engine can be used here, so the image is left as an archive'),
    ])
    const { archive, 'oci-layout': layout } = runner.outputs()
    expect((await runner.post()).code).toBe(0)
    const registry = await startRegistry()
    try {
      const copy = (source: string, tag: string) => {
        run('skopeo', ['copy', '--dest-tls-verify=false', source, `docker://${registry.host}/ddk:${tag}`])
        return run('skopeo', ['inspect', '--tls-verify=false', '--raw', `docker://${registry.host}/ddk:${tag}`])
      }
      expect(copy(`oci:${layout}`, 'layout')).toBe(copy(`oci-archive:${archive}`, 'archive'))
      expect(existsSync(join(layout!, 'index.json'))).toBe(true)
    } finally {
      await registry.stop()
    }
  })
})
