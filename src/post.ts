import { rmSync } from 'node:fs'
import { awaitSaving } from './cache/process/saving.ts'
import { engineCommand } from './engine/command.ts'
import { removeImports } from './engine/import.ts'
import { onUncaught } from './host/last-resort.ts'
import { sentenceOf } from './host/system-error.ts'
import { command, debug, group, say } from './log.ts'
import { removeMatchers } from './report/matchers.ts'
import { removeShell } from './shell/remove.ts'
import { savedForPost } from './state.ts'

/** The job is already done and only waits for this. */
const patience = 10 * 60_000

/** Ends and removes what the main step left behind, even if it failed. Never fails itself, so that a successful job stays successful. */
async function post(): Promise<void> {
  const { tempDir, imports, savingStatus, shell, matchers } = savedForPost()
  if (shell) await removeShell(shell, say, { debug })
  if (imports) await removeImports(engineCommand(imports.program, { debug }), imports.mark).catch(complain)
  if (matchers !== undefined) attempt(() => removeMatchers(matchers, command))
  if (savingStatus !== undefined) await group('Save for the next run', () => awaitSaving(savingStatus, patience, say))
  if (tempDir !== undefined) attempt(() => rmSync(tempDir, { recursive: true, force: true }))
}

function attempt(remove: () => void): void {
  try {
    remove()
  } catch (error) {
    complain(error)
  }
}

function complain(error: unknown): void {
  say(`Cleaning up failed: ${sentenceOf(error)}`)
}

onUncaught(complain, 0)
void post()
