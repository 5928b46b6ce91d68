import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { RealEngine } from '../engine/start-engine.ts'
import { startCacheService } from '../support/cache-service.ts'
import { makeRunner } from '../support/runner.ts'
import { run } from '../support/tools.ts'
import { type Comparison, type Figures, timed, timedScript } from './compare.ts'
import { ours, recipe, removeImages, repository, type Setting } from './setting.ts'

/** From the ISO, or from what an earlier run kept, to an image in an engine. */
export async function toEngine(setting: Setting, engine: RealEngine): Promise<Comparison> {
  const { iso, work } = setting
  const { command, title } = engine
  const env = { ...process.env, ...engine.env }
  const [archive, layer, saved] = ['ready.tar', 'layer.tar', 'saved.tar.zst'].map((name) => join(work, name)) as [string, string, string]
  const cli = (...args: string[]) => run(command, args, { env, stdio: ['ignore', 'pipe', 'ignore'] })
  const clean = () => removeImages(engine)

  // What the other ways start from.
  timed(ours('convert', iso, '-o', archive, '--compression', 'none', '--tag', 'bench:ready'))
  timedScript('"$1" load <"$2"; "$1" save bench:ready | zstd -q -T0 -f -o "$3"', [command, archive, saved], env)
  timed(recipe(setting, 'dd', `of=${layer}`, 'bs=1M', 'status=none'))
  clean()
  const service = await startCacheService()
  const machines = mkdtempSync(join(work, 'machines-'))
  const jobsEnv = { ...service.env.v2, ...engine.env }
  const action = jobs(machines, jobsEnv, iso, command)
  const selfHosted = jobs(machines, jobsEnv, iso, command, join(machines, 'tool-cache'))
  // Also records the digest of the ISO on the machine that keeps its tool cache.
  await selfHosted(true)
  clean()

  return {
    title: `ISO to image, ${title} ${cli('version', '--format', command === 'docker' ? '{{.Server.Version}}' : '{{.Client.Version}}').trim()}`,
    ways: [
      { name: 'recipe', prepare: clean, run: () => timed(recipe(setting, command, 'import', '-', 'bench:recipe'), env) },
      {
        name: 'this action',
        prepare: clean,
        run: () => timed(ours('convert', iso, '--load', '--engine', command, '--temp-dir', work, '--tag', 'bench:ours'), env),
      },
      { name: 'this action, from the Actions cache', prepare: clean, run: () => action(false) },
      { name: 'this action, image still in the engine', run: () => selfHosted(false) },
      {
        name: 'usual cache: zstd, load',
        prepare: clean,
        run: () => timedScript('zstd -qdc "$2" | "$1" load', [command, saved], env),
      },
      { name: 'only load', prepare: clean, run: () => timedScript('"$1" load <"$2"', [command, archive], env) },
      { name: 'only import', prepare: clean, run: () => timedScript('"$1" import - bench:import <"$2"', [command, layer], env) },
    ],
    async close() {
      engine.stop()
      await service.close()
      for (const path of [archive, layer, saved, machines]) rmSync(path, { recursive: true, force: true })
    },
  }
}

/** @param toolCache of the machine; without it, each job is on a machine whose tool cache is empty */
function jobs(machines: string, env: NodeJS.ProcessEnv, iso: string, engine: string, toolCache?: string) {
  return async (saves: boolean): Promise<Figures> => {
    const runner = makeRunner(mkdtempSync(join(machines, 'machine-')), join(repository, 'dist/main.cjs'), env, toolCache)
    const start = performance.now()
    const ended = await runner.main({ iso, engine, image: 'bench:action', network: 'none', cache: 'image', 'save-cache': String(saves) })
    const seconds = (performance.now() - start) / 1000
    await runner.post()
    if (ended.code !== 0) throw new Error(ended.stdout + ended.stderr)
    return { seconds }
  }
}
