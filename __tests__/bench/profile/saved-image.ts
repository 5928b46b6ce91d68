import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { RealEngine } from '../../engine/start-engine.ts'
import { startCacheService } from '../../support/cache-service.ts'
import { makeRunner, type Runner } from '../../support/runner.ts'
import { removeImages, repository, type Setting } from '../setting.ts'

/** Runs the main step of a job. The caller runs the post step of what it returns. */
type Job = (env?: NodeJS.ProcessEnv, watch?: (soFar: string) => void) => Promise<Runner>

/** Puts the image into an Actions cache and takes it out of the engine, for jobs on one machine that keeps its tool cache. */
export async function withSavedImage<T>({ iso, work }: Setting, engine: RealEngine, use: (job: Job) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(work, 'profile-'))
  const service = await startCacheService()
  const job: Job = async (env = {}, watch) => {
    const runner = makeRunner(dir, join(repository, 'dist/main.cjs'), { ...service.env.v2, ...engine.env, ...env }, join(dir, 'tool-cache'))
    const inputs = { iso, engine: engine.command, image: 'bench:profiled', network: 'none', cache: 'image' }
    const { code, stdout, stderr } = await runner.main(inputs, undefined, undefined, watch)
    if (code !== 0) throw new Error(stdout + stderr)
    return runner
  }
  try {
    await (await job()).post()
    removeImages(engine)
    return await use(job)
  } finally {
    await service.close()
    rmSync(dir, { recursive: true, force: true })
  }
}
