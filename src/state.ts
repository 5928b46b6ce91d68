import * as core from '@actions/core'
import type { InstalledShell } from './shell/remove.ts'

/** What the main step leaves to the post step, by way of the runner; absent where it didn't come so far. */
export interface Leftovers {
  /** A directory to be removed. */
  readonly tempDir?: string
  /** Says how the saving goes on. */
  readonly savingStatus?: string
  readonly shell?: InstalledShell
}

/** Whether this is the post step; if not, says so to the one that will be. */
export function isPostStep(): boolean {
  if (core.getState('isPost') === 'true') return true
  core.saveState('isPost', 'true')
  return false
}

/** To be called as soon as there is something to leave, so that it is known however the step ends. */
export function leave(leftovers: Leftovers): void {
  for (const [name, value] of Object.entries(leftovers)) core.saveState(name, JSON.stringify(value))
}

export function leftovers(): Leftovers {
  const names = ['tempDir', 'savingStatus', 'shell'] as const
  const found = names.map((name) => [name, core.getState(name)] as const).filter(([, text]) => text !== '')
  return Object.fromEntries(found.map(([name, text]) => [name, JSON.parse(text)]))
}
