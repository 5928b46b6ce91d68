import * as core from '@actions/core'
import { tellRunner } from './runner-file.ts'
import type { InstalledShell } from './shell/remove.ts'

/** What the main step tells the post step, by means of the runner. A field is absent if the main step ended before it was known. */
export interface PostState {
  /** A directory to remove. */
  readonly tempDir?: string
  /** An engine whose imports with this mark are removed. */
  readonly imports?: { readonly program: string; readonly mark: string }
  /** File that says how the saving goes. */
  readonly savingStatus?: string
  readonly shell?: InstalledShell
  /** The folder of the problem matchers that were registered with the runner. */
  readonly matchers?: string
}

/** Call this as soon as a field is known, if possible before it becomes true, so that the post step knows it however the main step ends. */
export async function saveForPost(state: PostState): Promise<void> {
  for (const [name, value] of Object.entries(state)) {
    await tellRunner(`what the post step has to remove (${name})`, () => core.saveState(name, JSON.stringify(value)))
  }
}

/** What the main step has saved. */
export function savedForPost(): PostState {
  const names = ['tempDir', 'imports', 'savingStatus', 'shell', 'matchers'] as const
  const found = names.map((name) => [name, core.getState(name)] as const).filter(([, text]) => text !== '')
  return Object.fromEntries(found.map(([name, text]) => [name, JSON.parse(text)]))
}
