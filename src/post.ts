import { rmSync } from 'node:fs'
import { awaitSaving } from './cache/process/saving.ts'
import { engineCommand } from './engine/command.ts'
import { removeImports } from './engine/import.ts'
import { onUncaught } from './host/last-resort.ts'
import { sentenceOf } from './host/system-error.ts'
import { type Achieved, command, debug, group, say } from './log.ts'
import { progressLines } from './phase/progress-line.ts'
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
  if (savingStatus !== undefined)
    await group('Save for the next run', () => awaitSaving(savingStatus, patience, say, { show: progressLines(say) }), achieved)
  if (tempDir !== undefined) attempt(() => rmSync(tempDir, { recursive: true, force: true }))
}

function achieved(outcomes: Awaited<ReturnType<typeof awaitSaving>>): Achieved {
  if (outcomes.length === 0) return { text: 'There was nothing to save to the Actions cache' }
  const failed = outcomes.filter((outcome) => outcome === 'refused').length
  if (failed === 0) return { text: 'The Actions cache has everything for the next run' }
  return { text: `${failed} of ${outcomes.length} entries weren't saved to the Actions cache; the group above says why` }
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
