import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from '@jest/globals'
import type { Deadlines } from '../../src/engine/command.ts'
import { detectEngine } from '../../src/engine/detect.ts'
import { EngineError } from '../../src/engine/errors.ts'
import { noOtherUser } from '../support/machine.ts'
import type { Skip } from '../support/reasons.ts'
import { unless } from '../support/skip.ts'
import { asNobody, run, withTempDir } from '../support/tools.ts'

const environment = { ...process.env }
const have = (command: string) => environment.PATH!.split(':').some((dir) => isProgram(join(dir, command)))
// A client is enough.
const noDockerClient: Skip | undefined = have('docker') ? undefined : { reason: 'no-docker' }
const { test: withDocker } = unless(noDockerClient)
const { test: withPodman } = unless(have('podman') ? undefined : { reason: 'no-podman' })

function isProgram(path: string): boolean {
  try {
    run('test', ['-x', path])
    return true
  } catch {
    return false
  }
}

afterEach(() => {
  process.env = { ...environment }
})

describe('no engine', () => {
  test('none is none', async () => {
    expect(await detectEngine('none')).toBeUndefined()
  })

  test('auto gives the reason for each', async () => {
    process.env.PATH = '/nonexistent'
    const said: string[] = []
    expect(await detectEngine('auto', (sentence) => said.push(sentence))).toBeUndefined()
    expect(said).toEqual([
      "docker isn't installed: there is no such program in PATH",
      "podman isn't installed: there is no such program in PATH",
    ])
  })

  test('asked for by name, it is an error', async () => {
    process.env.PATH = '/nonexistent'
    await expect(detectEngine('podman')).rejects.toThrow(new EngineError("podman isn't installed: there is no such program in PATH"))
  })

  test('a program that is something else', async () => {
    await withProgram('docker', 'echo hello; exit 3', async () => {
      await expect(detectEngine('docker')).rejects.toThrow("docker can't be used: 'docker info' ended with exit code 3")
    })
  })
})

describe('what to do about an engine that cannot be used', () => {
  /** The sentence about an engine whose call of `info` does this. */
  async function refusal(program: 'docker' | 'podman', script: string, deadlines?: Deadlines): Promise<string> {
    for (const name of ['DOCKER_HOST', 'DOCKER_CONTEXT']) delete process.env[name]
    let sentence = ''
    await withProgram(program, script, async () => {
      sentence = await detectEngine(program, undefined, deadlines && { deadlines }).then(
        () => 'none',
        (error: EngineError) => `${error.kind}: ${error.message}`,
      )
    })
    return sentence
  }

  test.each([
    ['docker', 'permission denied while trying to connect', " (add this user to the socket's group, often docker, or run as root)"],
    ['podman', 'dial unix: Permission denied', " (add this user to the socket's group, often docker, or run as root)"],
    ['docker', 'Failed to initialize: context "x" not found', " (choose another with DOCKER_CONTEXT or 'docker context use')"],
    ['docker', 'Cannot connect to the Docker daemon', ' (start its daemon)'],
    ['docker', 'lookup build.example: no such host', ' (start its daemon)'],
    ['docker', 'something else', ''],
    ['podman', 'Cannot connect to Podman', ''],
  ] as const)('%s: %s', async (program, reason, wayOut) => {
    const sentence = `no-engine: ${program} can't be used: ${reason}${wayOut}`
    expect(await refusal(program, `echo '${reason}' >&2; exit 1`)).toBe(sentence)
    // Old clients succeed, and report it in their answer.
    const info = JSON.stringify({ ServerErrors: ['an earlier one', reason] })
    expect(await refusal(program, `echo '${info}'`)).toBe(sentence)
  })

  test.each(['null', '', '{}', '{"ServerErrors":null,"version":{}}', '{"ServerErrors":[]}', '{"ServerVersion":""}'])(
    'an answer of %j is no reason',
    async (answer) => {
      expect(await refusal('docker', `echo '${answer}'; exit 5`)).toBe(
        "no-engine: docker can't be used: 'docker info' ended with exit code 5",
      )
    },
  )

  test('it is asked for all that it says of itself, and has the time of a greeting', async () => {
    const deadlines = { greeting: 1, question: 60, change: 60 }
    const script = 'if [ "$*" = "info --format {{json .}}" ]; then exec sleep 150; fi'
    expect(await refusal('docker', script, deadlines)).toBe("no-engine: docker didn't answer within 1 seconds")
  })
})

describe('docker without its daemon', () => {
  withDocker('names the DOCKER_HOST that does not answer', async () => {
    process.env.DOCKER_HOST = 'unix:///nonexistent/docker.sock'
    await expect(detectEngine('docker')).rejects.toThrow(
      /^docker can't be used: .*connect.*\(DOCKER_HOST is unix:\/\/\/nonexistent\/docker.sock: check it, or unset it\)$/,
    )
  })

  withDocker('names a context that is not there', async () => {
    delete process.env.DOCKER_HOST
    process.env.DOCKER_CONTEXT = 'no-such-context'
    await expect(detectEngine('docker')).rejects.toThrow(/no-such-context.*\(choose another with DOCKER_CONTEXT/)
  })

  unless(noDockerClient ?? noOtherUser).test('says what to do about a socket of others', async () => {
    await withTempDir(async (dir) => {
      const socket = join(dir, 'docker.sock')
      const server = createServer().listen(socket)
      await new Promise((resolve) => server.once('listening', resolve))
      chmodSync(dir, 0o755)
      chmodSync(socket, 0o600)
      const detect = fileURLToPath(new URL('../../src/engine/detect.ts', import.meta.url))
      const program = `import('${detect}').then((it) => it.detectEngine('docker')).catch((error) => console.log(error.message))`
      const env = { ...environment, DOCKER_HOST: `unix://${socket}`, HOME: dir }
      const said = run(asNobody[0]!, [...asNobody.slice(1), process.execPath, '-e', program], { env })
      server.close()
      expect(said).toMatch(
        /^docker can't be used: .*permission denied \(add this user to the socket's group, often docker, or run as root\)\n$/,
      )
    })
  })

  withPodman('auto goes on to Podman and says why', async () => {
    process.env.DOCKER_HOST = 'unix:///nonexistent/docker.sock'
    const said: string[] = []
    const engine = await detectEngine('auto', (sentence) => said.push(sentence))
    expect(engine).toMatchObject({ name: 'podman', command: 'podman', loadsZstd: true })
    expect(said).toEqual([expect.stringMatching(/^docker (can't be used|isn't installed)/)])
  })
})

describe('docker that is Podman', () => {
  withPodman('is taken for what it is', async () => {
    // As Debian's package podman-docker has it.
    await withProgram('docker', 'echo "Emulate Docker CLI using podman." >&2; exec podman "$@"', async () => {
      const said: string[] = []
      expect(await detectEngine('docker', (sentence) => said.push(sentence))).toMatchObject({ name: 'podman', command: 'docker' })
      expect(said).toEqual(['docker is actually podman here'])
      expect(await detectEngine('auto')).toMatchObject({ name: 'podman', command: 'docker' })
    })
  })
})

describe('what an engine says of itself', () => {
  /** @param info what the engine answers */
  async function described(program: 'docker' | 'podman', info: object) {
    let engine: Awaited<ReturnType<typeof detectEngine>>
    await withProgram(program, `echo '${JSON.stringify(info)}'`, async () => {
      engine = await detectEngine(program)
    })
    const { name, version, store, privileges, keepsIds, loadsZstd, prefersPlain, layers } = engine!
    return { name, version, store, privileges, keepsIds, loadsZstd, prefersPlain, imports: layers !== undefined }
  }

  const docker = { ServerVersion: '28.5.1', Driver: 'overlay2' }
  const usual = { loadsZstd: true, prefersPlain: true }
  const isDocker = { name: 'docker', version: '28.5.1', store: 'overlay2', privileges: 'root', keepsIds: false, ...usual, imports: true }
  test.each<[string, object, object]>([
    ['Docker', docker, isDocker],
    ['Docker that says little', { ServerVersion: '28.5.1', DriverStatus: null, SecurityOptions: null }, { ...isDocker, store: 'unknown' }],
    ['Docker without zstd', { ...docker, ServerVersion: '20.10.24' }, { ...isDocker, version: '20.10.24', loadsZstd: false }],
    ['the first Docker with zstd', { ...docker, ServerVersion: '23.0.0' }, { ...isDocker, version: '23.0.0' }],
    [
      'the containerd store',
      { ...docker, Driver: 'overlayfs', DriverStatus: [['driver-type', 'io.containerd.snapshotter.v1']] },
      { ...isDocker, store: 'containerd', prefersPlain: false, imports: false },
    ],
    ['a graph driver with a status', { ...docker, DriverStatus: [['Backing Filesystem', 'extfs']] }, isDocker],
    [
      'rootless Docker',
      { ...docker, SecurityOptions: ['name=seccomp,profile=builtin', 'name=rootless'] },
      { ...isDocker, privileges: 'rootless' },
    ],
    ['a remapped root', { ...docker, SecurityOptions: ['name=userns', 'name=cgroupns'] }, { ...isDocker, privileges: 'remapped' }],
    [
      'rootless Docker that remaps',
      { ...docker, SecurityOptions: ['name=userns', 'name=rootless'] },
      { ...isDocker, privileges: 'rootless' },
    ],
    ['options that mean neither', { ...docker, SecurityOptions: ['name=apparmor', 'profile=userns', 'rootless'] }, isDocker],
  ])('%s', async (_title, info, engine) => {
    expect(await described('docker', info)).toEqual(engine)
  })

  const podman = { version: { Version: '5.4.2' }, store: { graphDriverName: 'overlay' } }
  const isPodman = { name: 'podman', version: '5.4.2', store: 'overlay', privileges: 'root', keepsIds: true, ...usual, imports: false }
  test.each<[string, object, object]>([
    ['Podman', { ...podman, host: { security: { rootless: false } } }, isPodman],
    ['rootless Podman', { ...podman, host: { security: { rootless: true } } }, { ...isPodman, privileges: 'rootless' }],
    ['Podman that says little', { version: podman.version }, { ...isPodman, store: 'unknown' }],
  ])('%s', async (_title, info, engine) => {
    expect(await described('podman', info)).toEqual(engine)
  })

  // As Docker's client 28.2.2 has it from `podman system service` 4.3.1 of Debian 12.
  const byDocker = { ServerVersion: '4.3.1', Driver: 'overlay', SecurityOptions: ['name=seccomp,profile=default'] }
  const components = [{ Name: 'Podman Engine', Version: '4.3.1' }, { Name: 'Conmon' }]
  test.each<[string, object, object, object]>([
    ['root', {}, components, { name: 'podman', privileges: 'root', ...usual, imports: false }],
    ['another user', { SecurityOptions: ['name=rootless'] }, components, { name: 'podman', privileges: 'rootless', keepsIds: false }],
    ['a Docker with such a version', {}, [{ Name: 'Engine' }], { name: 'docker', privileges: 'root', loadsZstd: false, imports: true }],
  ])("Docker's client on a Podman of %s", async (_title, more, answer, wanted) => {
    const info = JSON.stringify({ ...byDocker, ...more })
    await withProgram('docker', `if [ "$1" = info ]; then echo '${info}'; else echo '${JSON.stringify(answer)}'; fi`, async () => {
      const said: string[] = []
      const { layers, ...engine } = (await detectEngine('docker', (sentence) => said.push(sentence)))!
      expect({ ...engine, imports: layers !== undefined }).toMatchObject({
        command: 'docker',
        version: '4.3.1',
        store: 'overlay',
        ...wanted,
      })
      expect(said).toEqual(engine.name === 'podman' ? ['docker is actually podman here'] : [])
    })
  })

  test.each([
    ['1.13.1', 'docker'],
    ['2.0.0', 'podman'],
    ['5.4.2', 'podman'],
    ['16.0.0', 'podman'],
    ['17.03.0', 'docker'],
    ['29.0.0', 'docker'],
  ])('a daemon of version %s is asked for its name only if it may be Podman', async (version, name) => {
    const info = JSON.stringify({ ...byDocker, ServerVersion: version })
    const asked = 'version --format {{json .Server.Components}}'
    const script = `echo "$*" >>"$0.calls"; case "$*" in info*) echo '${info}' ;; '${asked}') echo '${JSON.stringify(components)}' ;; esac`
    await withProgram('docker', script, async () => {
      expect(await detectEngine('docker')).toMatchObject({ name, version, command: 'docker' })
      const calls = readFileSync(join(process.env.PATH!.split(':')[0]!, 'docker.calls'), 'utf8')
      expect(calls.includes(asked)).toBe(name === 'podman')
    })
  })

  test('a status of another kind is no store, nor is a driver of another type', async () => {
    for (const status of [
      ['driver-type', 'overlay'],
      ['other', 'io.containerd.snapshotter.v1'],
    ])
      expect(await described('docker', { ...docker, DriverStatus: [status] })).toEqual(isDocker)
  })

  test('a program of its container is followed by what was attached to it', async () => {
    const script = `if [ "$1" = info ]; then echo '${JSON.stringify(docker)}'; else echo "$*"; fi`
    await withProgram('docker', script, async () => {
      const engine = (await detectEngine('docker'))!
      expect(await engine.follow('a-container', 60)).toMatchObject({ code: 0, stdout: 'start --attach a-container\n' })
    })
  })

  test.each<[string, 'docker' | 'podman', object, boolean]>([
    ['Docker', 'docker', docker, true],
    ['Podman', 'podman', podman, false],
    ["Docker's client on Podman", 'docker', byDocker, false],
  ])('%s is told the platform of a container only if it would take another image otherwise', async (_title, program, info, isTold) => {
    const script = `echo "$*" >>"$0.calls"; case $1 in info) echo '${JSON.stringify(info)}' ;; version) echo '${JSON.stringify(components)}' ;; esac`
    await withProgram(program, script, async () => {
      const engine = (await detectEngine(program))!
      await (await engine.prove({ id: 'sha256:1', names: [], labels: {}, platform: 'linux/386', layers: 1, entrypoint: [] })).cleared
      const calls = readFileSync(join(process.env.PATH!.split(':')[0]!, `${program}.calls`), 'utf8').split('\n')
      expect(calls.find((call) => call.startsWith('create'))!.includes('--platform linux/386')).toBe(isTold)
    })
  })

  test.each([
    ['Podman on this machine', false, 'pull --quiet docker-archive:/proc/self/fd/0'],
    ['Podman on another one', true, 'load'],
  ])('%s loads an archive its own way', async (_title, serviceIsRemote, call) => {
    const info = JSON.stringify({ ...podman, host: { serviceIsRemote } })
    await withProgram('podman', `echo "$*" >>"$0.calls"; if [ "$1" = info ]; then echo '${info}'; fi`, async () => {
      const engine = await detectEngine('podman')
      const program = join(process.env.PATH!.split(':')[0]!, 'podman')
      await engine!.load(program)
      expect(readFileSync(`${program}.calls`, 'utf8').trim().split('\n').at(-1)).toBe(call)
    })
  })
})

/** A shell script of this name is found first, for as long as `use` takes. */
async function withProgram(name: string, script: string, use: () => Promise<void>): Promise<void> {
  await withTempDir(async (dir) => {
    writeFileSync(join(dir, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
    process.env.PATH = `${dir}:${environment.PATH}`
    await use()
  })
}
