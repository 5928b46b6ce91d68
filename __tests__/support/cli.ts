import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const repository = join(dirname(fileURLToPath(import.meta.url)), '../..')

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the command line from its sources. Node itself strips the types. */
export function cli(...args: string[]): Ended {
  return runNode([join(repository, 'src/cli.ts'), ...args])
}

/** Runs Node, whatever its end. */
export function runNode(args: readonly string[], env: NodeJS.ProcessEnv = process.env): Ended {
  const { status, stdout, stderr, error } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 30,
    env,
    timeout: 100_000,
  })
  if (error) throw error
  return { code: status, stdout, stderr }
}

/** Bundles the entry points into `dir`, as dist/ has them. */
export function bundle(dir: string): void {
  const ended = runNode([join(repository, 'script/build.mjs'), dir])
  if (ended.code !== 0) throw new Error(ended.stderr)
}
