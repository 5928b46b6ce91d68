import { chmodSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from '@jest/globals'
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

/** A shell script of this name is found first, for as long as `use` takes. */
async function withProgram(name: string, script: string, use: () => Promise<void>): Promise<void> {
  await withTempDir(async (dir) => {
    writeFileSync(join(dir, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
    process.env.PATH = `${dir}:${environment.PATH}`
    await use()
  })
}
