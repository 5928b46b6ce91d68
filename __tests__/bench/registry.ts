import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RealEngine } from '../engine/start-engine.ts'
import { startRegistry, type TestRegistry } from '../support/registry.ts'
import { makeRunner } from '../support/runner.ts'
import { type Comparison, type Figures, timed, timedScript } from './compare.ts'
import { removeImages, repository, type Setting } from './setting.ts'

// A registry with a login, as the action demands it: its programs and the others' start from the same login file.

const login = { username: 'bench', password: 'bench-password' }

/** A job of the action on a machine of its own; the registry has a login. */
interface Jobs {
  readonly registry: TestRegistry
  /** Folder of the login file. */
  readonly home: string
  /** Replaces the registry by an empty one, so that no client can mount a blob of another repository. */
  empty(): Promise<void>
  run(inputs: Record<string, string>, env?: NodeJS.ProcessEnv): Promise<{ seconds: number; stdout: string; archive: string }>
  close(): Promise<void>
}

async function startJobs({ work, iso }: Setting): Promise<Jobs> {
  let registry = await startRegistry({ login })
  const dir = mkdtempSync(join(work, 'registry-jobs-'))
  const home = join(dir, 'home')
  mkdirSync(home)
  const auth = Buffer.from(`${login.username}:${login.password}`).toString('base64')
  const logIn = () => writeFileSync(join(home, 'config.json'), JSON.stringify({ auths: { [registry.host]: { auth } } }))
  logIn()
  return {
    get registry() {
      return registry
    },
    home,
    async empty() {
      await registry.stop()
      registry = await startRegistry({ login })
      logIn()
    },
    async run(inputs, env = {}) {
      const machine = mkdtempSync(join(dir, 'machine-'))
      const runner = makeRunner(machine, join(repository, 'dist/main.cjs'), { DOCKER_CONFIG: home, ...env })
      const start = performance.now()
      const { code, stdout, stderr } = await runner.main({ iso, cache: 'none', ...inputs })
      const seconds = (performance.now() - start) / 1000
      const { archive = '' } = runner.outputs()
      await runner.post()
      if (code !== 0) throw new Error(stdout + stderr)
      return { seconds, stdout, archive }
    },
    async close() {
      await registry.stop()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

/** Sends the same archive: the action's push is the phase of that name in its log, skopeo a whole process. */
export async function toRegistry(setting: Setting): Promise<Comparison> {
  const jobs = await startJobs(setting)
  const { home } = jobs
  const image = () => `${jobs.registry.host}/bench/ddk`
  const { archive } = await jobs.run({ engine: 'none' })
  return {
    title: 'Archive to registry',
    ways: [
      {
        name: 'skopeo copy',
        prepare: jobs.empty,
        run: () =>
          timed([
            ...['skopeo', 'copy', '--quiet', '--preserve-digests', '--dest-tls-verify=false', '--authfile', join(home, 'config.json')],
            ...[`oci-archive:${archive}`, `docker://${image()}:bench`],
          ]),
      },
      {
        name: 'this action',
        prepare: jobs.empty,
        async run(): Promise<Figures> {
          const { stdout } = await jobs.run({ engine: 'none', push: 'true', 'registry-image': image() })
          const [, seconds] = /^The registry has the image: .* in ([\d.]+) s/m.exec(stdout) ?? []
          if (seconds === undefined) throw new Error(`the log doesn't say how long the push took: ${stdout}`)
          return { seconds: Number(seconds) }
        },
      },
    ],
    close: jobs.close,
  }
}

/** A second machine has nothing but the registry. */
export async function fromRegistry(setting: Setting, engine: RealEngine): Promise<Comparison> {
  const jobs = await startJobs(setting)
  const { registry, home } = jobs
  const { command, title } = engine
  const env = { ...process.env, ...engine.env, DOCKER_CONFIG: home }
  const image = `${registry.host}/bench/ddk`
  const clean = () => removeImages(engine)
  await jobs.run({ engine: 'none', push: 'true', 'registry-image': image })
  return {
    title: `Registry to image, ${title}`,
    ways: [
      {
        name: 'docker pull',
        prepare: clean,
        run: () => timedScript('"$1" pull --quiet "$2"', [command, `${image}:6.5.0-90233c`], env),
      },
      {
        name: 'this action',
        prepare: clean,
        run: () => jobs.run({ engine: command, 'registry-image': image, network: 'none' }, engine.env),
      },
    ],
    async close() {
      engine.stop()
      await jobs.close()
    },
  }
}
