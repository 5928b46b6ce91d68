import * as core from '@actions/core'
import { tellRunner } from './runner-file.ts'
import type { InstalledShell } from './shell/remove.ts'

/** What the post step has to know of the main step, by way of the runner. A field that the main step didn't get to is absent. */
export interface PostState {
  /** A directory to remove. */
  readonly tempDir?: string
  /** File that says how the saving goes. */
  readonly savingStatus?: string
  readonly shell?: InstalledShell
  /** The folder of the problem matchers that the runner was given. */
  readonly matchers?: string
}

/** To be called as soon as a field is known, if possible before it is true: the post step has it then, however the main step ends. */
export async function saveForPost(state: PostState): Promise<void> {
  for (const [name, value] of Object.entries(state)) {
    await tellRunner(`what the post step has to tidy up (${name})`, () => core.saveState(name, JSON.stringify(value)))
  }
}

/** What the main step saved. */
export function savedForPost(): PostState {
  const names = ['tempDir', 'savingStatus', 'shell', 'matchers'] as const
  const found = names.map((name) => [name, core.getState(name)] as const).filter(([, text]) => text !== '')
  return Object.fromEntries(found.map(([name, text]) => [name, JSON.parse(text)]))
}
