import { statSync } from 'node:fs'
import { join } from 'node:path'
import { bytesText } from '../../src/phase/units.ts'
import { type Isos, image } from './isos.ts'
import { call, diskUsed, type Job, lastError, startJob } from './job.ts'
import type { Started } from './subjects.ts'

/** What the checks of one engine share. They run in order, and each leaves what the next one needs. */
export interface Setting {
  readonly isos: Isos
  readonly started: Started
  /** Of the runner. */
  readonly dir: string
  /** How the action calls the engine, e.g. `podman 4.3.1, store overlay`; known after the first check. */
  engine: string
}

/** Does one thing with the engine, and says in a few words how it went. @throws Error if it went wrong */
export type Check = (setting: Setting) => Promise<string>

/** By the title of its column. */
export const checks: Readonly<Record<string, Check>> = {
  load: async (setting) => {
    const before = diskUsed(setting.started)
    const { seconds, log } = await timed(setting, 'Loaded ')
    setting.engine = /^((docker|podman) \S+, .*store \w+) \(/m.exec(log)![1]!
    return `${seconds.toFixed(1)} s, ${bytesText(diskUsed(setting.started) - before)}`
  },

  ID: async ({ started, isos: { ids } }) => {
    const id = withAlgorithm(call(started, 'image', 'inspect', '--format', '{{.Id}}', image))
    const [kind] = Object.entries(ids).find(([, digest]) => digest === id) ?? []
    if (!kind) throw new Error(`the ID is ${id}, which is neither ${ids.config} nor ${ids.manifest}`)
    return `${kind} ${id.slice(7, 19)}`
  },

  run: async ({ started }) => {
    const args = ['run', '--rm', '--network', 'none', '--ulimit', 'nofile=1024:4096', '--ulimit', 'nproc=1024:4096']
    return expectText(call(started, ...args, image, 'uname', '-r'), '3.10.0+2')
  },

  'steps: root, runner': async (setting) => {
    const { started, dir } = setting
    const job = startJob(started, dir)
    try {
      await job.main({ iso: setting.isos.iso, image })
      const ids = ['root', 'runner'].map((user) => stepAs(job, user))
      const owners = ['root', 'runner'].map((user) => ownerOf(join(job.runner.workspace, `made-by-${user}`)))
      const wanted = String(started.user?.uid ?? 0)
      for (const owner of owners) expectText(owner, wanted)
      return `ids ${ids.join(', ')}; files are ${wanted === '0' ? "root's, who runs the job" : "the runner's"}`
    } finally {
      await job.post()
    }
  },

  'engine hit': async (setting) => `${(await timed(setting, 'already has the image')).seconds.toFixed(1)} s`,

  'second load': async (setting) => {
    // An archive that is kept isn't looked for in the engine.
    const before = identitiesOf(setting.started)
    await timed(setting, 'Loaded ', { archive: join(setting.dir, 'kept.tar') })
    const after = identitiesOf(setting.started)
    if (after.join() !== before.join()) throw new Error(`the engine had ${before.join(' ')}, and has ${after.join(' ')}`)
    return 'no twin'
  },

  cancel: async (setting) => {
    const ends = ['Make the image', 'Load the image into'].map((group) => cancelledAt(group, setting))
    const said: string[] = []
    for (const end of ends) said.push(await end())
    return said.join('; ')
  },

  'ids beyond the range': async ({ started, dir, isos: { wide, wideIds } }) => {
    const job = startJob(started, dir)
    const name = 'ddk-engines:wide'
    try {
      await job.main({ iso: wide, image: name })
      call(started, 'image', 'rm', '--force', name)
      return 'loaded: root has all ids'
    } catch (error) {
      const sentence = (error as Error).message
      const ranges = `users up to ${wideIds.uid} and of groups up to ${wideIds.gid}`
      if (!sentence.includes(ranges)) throw new Error(`the error says neither which ids nor which ranges: ${sentence}`)
      expectText(call(started, 'images', '--quiet', name), '')
      return 'refused: names the ids and the ranges'
    } finally {
      await job.post()
    }
  },
}

/** Runs the action from the first to the last step. */
async function timed({ started, dir, isos: { iso } }: Setting, expected: string, inputs: Record<string, string> = {}) {
  const job = startJob(started, dir)
  const begin = performance.now()
  const log = await job.main({ iso, image, ...inputs })
  const seconds = (performance.now() - begin) / 1000
  await job.post()
  if (!log.includes(expected)) throw new Error(`the log doesn't say "${expected}": ${log}`)
  return { seconds, log }
}

/** A step that makes a file, and gives the id that it has in the container. */
function stepAs(job: Job, user: string): string {
  const { code, stdout, stderr } = job.step(`id -u; echo made >"made-by-${user}"`, '--user', user)
  if (code !== 0) throw new Error(`the step as ${user} ended with ${code}: ${stderr}`)
  return stdout.trim()
}

/** Cancels a job of the image when a group of its log begins. The engine must be as good as before, and its image whole or gone. */
function cancelledAt(group: string, { started, dir, isos: { iso, ids } }: Setting): () => Promise<string> {
  return async () => {
    call(started, 'image', 'rm', '--force', image)
    const job = startJob(started, dir)
    const stop = new AbortController()
    const inputs = { iso, image, engine: started.engine, cache: 'none' }
    const { code, stdout } = await job.runner.main(inputs, stop.signal, 'SIGINT', (log) => {
      if (log.includes(`::group::${group}`)) stop.abort()
    })
    await job.post()
    if (code === 0 || lastError(stdout)?.startsWith('Cancelled') !== true) throw new Error(`it wasn't cancelled: ${stdout}`)
    expectText(call(started, 'ps', '--all', '--quiet'), '')
    const [left, ...others] = identitiesOf(started)
    if (others.length > 0) throw new Error(`these images are left: ${[left, ...others].join(' ')}`)
    if (left === undefined) return 'image gone'
    if (![ids.config, ids.manifest].includes(left.split(' ')[0]!)) throw new Error(`this image is left: ${left}`)
    return 'image whole'
  }
}

/** All images that are the DDK's or have no name, and the names. */
function identitiesOf(started: Started): string[] {
  const listed = call(started, 'images', '--no-trunc', '--format', '{{.ID}} {{.Repository}}:{{.Tag}}')
  return listed
    .split('\n')
    .filter((line) => /ddk|<none>/.test(line))
    .map(withAlgorithm)
    .sort()
}

function withAlgorithm(id: string): string {
  return id.startsWith('sha256:') ? id : `sha256:${id}`
}

function ownerOf(path: string): string {
  return String(statSync(path).uid)
}

function expectText(found: string, wanted: string): string {
  if (found !== wanted) throw new Error(`it is "${found}", not "${wanted}"`)
  return found
}
