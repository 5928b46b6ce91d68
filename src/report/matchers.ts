import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Say } from './steps.ts'

/**
 * Makes the runner turn errors of gcc, ld, make and rpmbuild into annotations, in all later steps of the job.
 * @param folder absolute path of the matchers' folder, from which the runner reads them
 * @param say writes to standard output, where the runner looks for commands
 */
export function registerMatchers(folder: string, say: Say): void {
  say(`::add-matcher::${escapeData(matchersFile(folder))}`)
}

/** Removes the matchers, so that they don't affect what runs after this action's post step. */
export function removeMatchers(folder: string, say: Say): void {
  const { problemMatcher } = JSON.parse(readFileSync(matchersFile(folder), 'utf8')) as { problemMatcher: { owner: string }[] }
  for (const { owner } of problemMatcher) say(`::remove-matcher owner=${owner}::`)
}

function matchersFile(folder: string): string {
  return join(folder, 'ddk-problem-matcher.json')
}

/** Escapes the data of a workflow command, which follows its second pair of colons. */
function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}
