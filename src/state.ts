import * as core from '@actions/core'
import type { InstalledShell } from './shell/remove.ts'

/** What the post step has to know of the main step, by way of the runner. A field that the main step didn't get to is absent. */
export interface PostState {
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

/** To be called as soon as a field is known: it is there for the post step then, however the main step ends. */
export function saveForPost(state: PostState): void {
  for (const [name, value] of Object.entries(state)) core.saveState(name, JSON.stringify(value))
}

/** What the main step saved. */
export function savedForPost(): PostState {
  const names = ['tempDir', 'savingStatus', 'shell'] as const
  const found = names.map((name) => [name, core.getState(name)] as const).filter(([, text]) => text !== '')
  return Object.fromEntries(found.map(([name, text]) => [name, JSON.parse(text)]))
}
