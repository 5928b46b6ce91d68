import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Say } from './steps.ts'

/**
 * Has the runner turn the errors of gcc, ld, make and rpmbuild into annotations, in every later step of the job.
 *
 * @param folder where the matchers' file is; the runner reads it by this path, so it is absolute
 * @param say writes to standard output, which is where the runner looks for commands
 */
export function registerMatchers(folder: string, say: Say): void {
  say(`::add-matcher::${escapeData(matchersFile(folder))}`)
}

/** Takes them back, for what runs after this action's post step. */
export function removeMatchers(folder: string, say: Say): void {
  const { problemMatcher } = JSON.parse(readFileSync(matchersFile(folder), 'utf8')) as { problemMatcher: { owner: string }[] }
  for (const { owner } of problemMatcher) say(`::remove-matcher owner=${owner}::`)
}

function matchersFile(folder: string): string {
  return join(folder, 'ddk-problem-matcher.json')
}

/** As the runner wants what follows a command's second pair of colons. */
function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}
