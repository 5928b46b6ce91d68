import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

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
