import { rmSync } from 'node:fs'
import * as core from '@actions/core'
import { awaitSaving } from './cache/saving.ts'
import { removeMatchers } from './report/matchers.ts'
import { removeShell } from './shell/remove.ts'
import { savedForPost } from './state.ts'

/** The job is done by now and waits for this only. */
const patience = 10 * 60_000

/** Ends and removes what the main step left, however that ended. Never fails: a job that was green stays so. */
export async function post(matchersFolder: string): Promise<void> {
  const { tempDir, savingStatus, shell } = savedForPost()
  if (shell) {
    await removeShell(shell, core.info, { debug: core.debug })
    attempt(() => removeMatchers(matchersFolder, core.info))
  }
  if (savingStatus !== undefined) await core.group('Save for the next run', () => awaitSaving(savingStatus, patience, core.info))
  if (tempDir !== undefined) attempt(() => rmSync(tempDir, { recursive: true, force: true }))
}

function attempt(tidy: () => void): void {
  try {
    tidy()
  } catch (error) {
    core.info(`Something couldn't be tidied up: ${(error as Error).message}`)
  }
}
