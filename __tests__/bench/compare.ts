import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What one run took. */
export interface Figures {
  readonly seconds: number
  /** Peak memory of the largest process, in bytes. */
  readonly peak?: number
}

/** One way to reach what a comparison is about. */
export interface Way {
  readonly name: string
  /** Not part of what is measured. */
  prepare?(): void | Promise<void>
  run(): Figures | Promise<Figures>
}

export interface Comparison {
  readonly title: string
  /** The first is what the others are compared with. */
  readonly ways: readonly Way[]
  close?(): void | Promise<void>
}

export interface Row {
  readonly name: string
  /** Of each run, sorted. */
  readonly seconds: readonly number[]
  readonly peak?: number
}

export interface Result {
  readonly title: string
  readonly rows: readonly Row[]
}

/** Runs all ways in turn, several times, so that noise on the machine affects all of them. */
export async function compare({ title, ways, close }: Comparison, runs: number, say: (line: string) => void): Promise<Result> {
  const figures = new Map<Way, Figures[]>(ways.map((way) => [way, []]))
  try {
    for (let run = 1; run <= runs; run++) {
      for (const way of ways) {
        await way.prepare?.()
        const one = await way.run()
        figures.get(way)!.push(one)
        say(`${title}, ${way.name}, run ${run} of ${runs}: ${one.seconds.toFixed(1)} s`)
      }
    }
  } finally {
    await close?.()
  }
  return { title, rows: ways.map((way) => rowOf(way.name, figures.get(way)!)) }
}

function rowOf(name: string, figures: readonly Figures[]): Row {
  const seconds = figures.map((one) => one.seconds).sort((a, b) => a - b)
  const peaks = figures.flatMap(({ peak }) => peak ?? [])
  return { name, seconds, ...(peaks.length > 0 && { peak: Math.max(...peaks) }) }
}

/** The lower one in the middle. */
export function median(sorted: readonly number[]): number {
  return sorted[Math.floor((sorted.length - 1) / 2)]!
}

/**
 * Runs a command, measured by GNU time.
 * @throws Error with its last lines, if it fails
 */
export function timed(command: readonly string[], env: NodeJS.ProcessEnv = process.env): Figures {
  const dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-time-'))
  try {
    const report = join(dir, 'report')
    const { status, stdout, stderr, error } = spawnSync('/usr/bin/time', ['-f', '%e %M', '-o', report, ...command], {
      encoding: 'utf8',
      env,
      maxBuffer: 1 << 26,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    if (error) throw error
    if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}: ${(stdout + stderr).split('\n').slice(-20).join('\n')}`)
    const [seconds, kilobytes] = readFileSync(report, 'utf8').trim().split(/\s+/).map(Number)
    return { seconds: seconds!, peak: kilobytes! * 1024 }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** A shell script, measured as a whole. */
export function timedScript(script: string, args: readonly string[] = [], env?: NodeJS.ProcessEnv): Figures {
  return timed(['bash', '-euo', 'pipefail', '-c', script, 'bash', ...args], env)
}
