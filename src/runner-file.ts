import { sentenceOf } from './host/system-error.ts'
import { warn } from './log.ts'

/**
 * Writes to one of the runner's files for a step: outputs, state, PATH, summary. If that fails, it is a warning, because the step has done
 * its work.
 * @param what the runner should have got, e.g. `the output image`
 */
export async function tellRunner(what: string, write: () => unknown): Promise<void> {
  try {
    await write()
  } catch (error) {
    warn(`The runner doesn't get ${what}: ${sentenceOf(error)}`)
  }
}
