import { rmSync } from 'node:fs'
import * as core from '@actions/core'

/** What the main step tells the post step, by way of the runner. */
export const state = {
  /** Whether this is the post step. */
  isPost: core.getState('isPost') === 'true',
  rememberTempDir(path: string): void {
    core.saveState('isPost', 'true')
    core.saveState('tempDir', path)
  },
}

/** Removes what the main step left, however it ended. Never fails: the job is done by now. */
export function post(): void {
  const tempDir = core.getState('tempDir')
  if (tempDir === '') return
  try {
    rmSync(tempDir, { recursive: true, force: true })
  } catch (error) {
    core.info(`${tempDir} couldn't be removed: ${(error as Error).message}`)
  }
}
