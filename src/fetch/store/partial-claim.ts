import { readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Claim, claimed, claimName, tryClaim } from '../../host/claim.ts'
import { isAlive } from '../../host/owner.ts'

// The folder of a partial ISO: one job at a time downloads into it, and the next one resumes where that one stopped.

/**
 * Claims the folder `path` with everything that an earlier owner left in it. Waits while another job uses it. Two jobs may still end up with
 * a folder each. That is safe, and only costs a second download.
 * @param findResult called before every attempt; once it returns something, that is the result and nothing is claimed
 * @throws the reason of `signal`
 */
export async function claim<T>(
  path: string,
  findResult: () => Promise<T | undefined>,
  { signal, say }: { readonly signal: AbortSignal; readonly say: (line: string) => void },
): Promise<Claim | T> {
  const mine = claimName(path)
  for (let waited = false; ; waited = true) {
    signal.throwIfAborted()
    const found = await findResult()
    if (found !== undefined) return found
    const taken = tryClaim(path, mine)
    if (taken) return taken
    if (!waited) say('Another job on this machine is fetching this ISO; waiting for it')
    await sleep(250 + Math.random() * 500, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
}

/** Removes what dead owners left, after another claim has brought the result. */
export function sweep(path: string): void {
  for (const { dir, alive } of claimed(path)) if (!alive) rmSync(dir, { recursive: true, force: true })
  rmSync(path, { recursive: true, force: true })
}

/** Age in milliseconds after which an abandoned partial ISO is removed. */
const oldAge = 7 * 24 * 3600 * 1000

/** Removes what was abandoned in a folder long ago: claims of dead owners, and folders that were being removed. */
export function removeAbandoned(folder: string): void {
  for (const name of readdirSync(folder).filter((name) => /\.(partial(\.[\w-]+)?|removed)$/.test(name))) {
    const dir = join(folder, name)
    const touched = statSync(dir, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()
    const [, tag] = /\.partial\.([\w-]+)$/.exec(name) ?? []
    if (Date.now() - touched > oldAge && !(tag && isAlive(tag, dir))) rmSync(dir, { recursive: true, force: true })
  }
}
