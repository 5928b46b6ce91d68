import { spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { until } from '../support/tools.ts'

const here = dirname(fileURLToPath(import.meta.url))

/** A process that fetches an ISO into a store. */
export interface Fetching {
  readonly kill: (signal: NodeJS.Signals) => void
  /** Until its log has this text. */
  readonly says: (text: string) => Promise<void>
  /** `out` is the stored ISO, or `{ error }`; `{}` if it was killed. */
  readonly ended: Promise<{ code: number | null; out: Record<string, unknown>; log: string }>
}

/**
 * @param args those of store-process.ts
 * @param as a command that runs it as another user
 */
export function startFetching(args: readonly string[], env: NodeJS.ProcessEnv, as: readonly string[] = []): Fetching {
  const [command, ...rest] = [...as, process.execPath, join(here, 'store/store-process.ts'), ...args]
  const child = spawn(command!, rest, { env: { ...process.env, ...env } })
  let out = ''
  let log = ''
  child.stdout.on('data', (data) => {
    out += data
  })
  child.stderr.on('data', (data) => {
    log += data
  })
  const ended = new Promise<Awaited<Fetching['ended']>>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      // The toolkit tells the runner there what it looks for.
      const said = out.replace(/^::debug::.*\n/gm, '')
      resolve({ code, out: said === '' ? {} : JSON.parse(said), log })
    })
  })
  return { kill: (signal) => child.kill(signal), says: (text) => until(() => log.includes(text)), ended }
}
