import { unless } from '../support/skip.ts'
import { type RealEngine, startEngine, type Title } from './start-engine.ts'

/**
 * Declares a group of tests for each engine, and for those that can't be had a skipped one. Root gets engines that are this call's alone, with
 * data folders of their own, so that no other test meets them; everybody else shares the Docker that answers, by names that are unique.
 * `declare` stops its engine when its tests are over (script/lib/remove-engines.sh takes what is left behind).
 */
export function describeEngines(titles: readonly Title[], declare: (engine: RealEngine) => void): void {
  for (const title of titles) {
    const engine = startEngine(title)
    // Of a skipped group, only the titles of its tests are of interest.
    unless('skip' in engine ? engine.skip : undefined).describe(title, () =>
      declare('skip' in engine ? { title, command: title === 'podman' ? 'podman' : 'docker', env: {}, stop() {} } : engine),
    )
  }
}
