import type { RealEngine } from '../../engine/start-engine.ts'
import { aligned } from '../report.ts'
import type { Setting } from '../setting.ts'
import { withSavedImage } from './saved-image.ts'

/** What jobs wait for, in milliseconds. */
export async function waits(setting: Setting, engine: RealEngine): Promise<string> {
  return withSavedImage(setting, engine, async (job) => {
    const waited = async () => {
      const lines: Line[] = []
      const start = performance.now()
      const runner = await job({ RUNNER_DEBUG: '1' }, (log) => {
        const at = performance.now() - start
        for (const text of log.split('\n').slice(lines.length, -1)) lines.push({ text, at })
      })
      const total = performance.now() - start
      await runner.post()
      return waitsOf(lines, total)
    }
    const both = [await waited(), await waited()]
    const names = [...new Set(both.flatMap((waited) => [...waited.keys()]))]
    const rows = names.map((name) => [name, ...both.map((waited) => Math.round(waited.get(name) ?? 0))] as const)
    const shown = rows.filter(([, ...figures]) => figures.some((milliseconds) => milliseconds >= 10))
    return [
      "Milliseconds that a job waits for. What runs at the same time as something else counts for nothing, and less than 10 ms isn't listed.\n",
      aligned([['milliseconds', 'image from the Actions cache', 'image still in the engine'], ...shown.map((row) => row.map(String))]),
    ].join('\n')
  })
}

interface Line {
  readonly text: string
  /** Milliseconds since the start. */
  readonly at: number
}

/** What the time between two lines of a log goes to: the line that begins it says that. */
function waitsOf(lines: readonly Line[], total: number): Map<string, number> {
  const waited = new Map<string, number>()
  const add = (name: string, milliseconds: number) => waited.set(name, (waited.get(name) ?? 0) + milliseconds)
  let [name, since] = ['Node starts, and loads the action', 0]
  for (const { text, at } of lines) {
    const next = causeAfter(text, name)
    if (next === undefined) continue
    add(name, at - since)
    ;[name, since] = [next, at]
  }
  add(name, total - since)
  waited.set('all', total)
  return waited
}

const itself = 'the action itself'

/** @returns nothing if the line changes nothing: also when a program ends that the job hasn't waited for since another one began */
function causeAfter(line: string, current: string): string | undefined {
  const [, program, ...words] = /^::debug::\[command\] (\S+) (\S+)(?: (\S+))?/.exec(line) ?? []
  if (program !== undefined) return [program, ...(words[0] === 'image' ? words : words.slice(0, 1))].join(' ')
  if (/^::debug::Looking for .* in the Actions cache/.test(line)) return 'restore from the Actions cache'
  if (line === '::group::Identify the ISO') return 'SHA-256 of the ISO'
  const [, ended] = /^::debug::(\S+ \S+) ended with exit code/.exec(line) ?? []
  if (ended !== undefined) return current.startsWith(ended) ? itself : undefined
  return /^::(?:end)?group::/.test(line) ? itself : undefined
}
