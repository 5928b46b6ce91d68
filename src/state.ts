import { rmSync } from 'node:fs'
import * as core from '@actions/core'

/** Whether this is the post step; if not, says so to the one that will be. */
export function isPostStep(): boolean {
  if (core.getState('isPost') === 'true') return true
  core.saveState('isPost', 'true')
  return false
}

/** The directory is the post step's to remove, however the main step ends. */
export function leaveToPostStep(tempDir: string): void {
  core.saveState('tempDir', tempDir)
}

/** Removes what the main step left. Never fails: the job is done by now. */
export function tidyUp(): void {
  const tempDir = core.getState('tempDir')
  if (tempDir === '') return
  try {
    rmSync(tempDir, { recursive: true, force: true })
  } catch (error) {
    core.info(`${tempDir} couldn't be removed: ${(error as Error).message}`)
  }
}
