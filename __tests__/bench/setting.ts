import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RealEngine } from '../engine/start-engine.ts'
import { run } from '../support/tools.ts'

/** What all comparisons share. */
export interface Setting {
  readonly iso: string
  /** A folder with room, preferably in memory. */
  readonly work: string
}

export const repository = fileURLToPath(new URL('../../', import.meta.url))

/** The recipe by hand, whose tar goes to a command. */
export function recipe({ iso, work }: Setting, ...command: string[]): string[] {
  return [join(repository, '__tests__/bench/recipe.sh'), iso, work, ...command]
}

/** The command line of this project. */
export function ours(...args: string[]): string[] {
  return [process.execPath, join(repository, 'dist/cli.cjs'), ...args]
}

/** Removes all images of an engine. */
export function removeImages({ command, env }: RealEngine): void {
  const cli = (...args: string[]) => run(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'ignore'] })
  const ids = new Set(cli('images', '--all', '--quiet').split('\n').filter(Boolean))
  if (ids.size > 0) cli('image', 'rm', '--force', ...ids)
}
