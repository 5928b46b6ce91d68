import { sentenceOf } from './host/system-error.ts'
import { warn } from './log.ts'

/**
 * Writes to a file that the runner has for a step: outputs, state, PATH, summary. One that can't be written is a warning: what the step was
 * for is done all the same.
 * @param what the runner should have got, e.g. `the output image`
 */
export async function tellRunner(what: string, write: () => unknown): Promise<void> {
  try {
    await write()
  } catch (error) {
    warn(`The runner doesn't get ${what}: ${sentenceOf(error)}`)
  }
}
