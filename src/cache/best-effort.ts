import { sentenceOf } from '../host/system-error.ts'

/** What `use` gives. Nothing in a cache is worth a failed step, so whatever it throws becomes what `otherwise` makes of the message. */
export async function bestEffort<T>(use: () => T | Promise<T>, otherwise: (why: string) => T): Promise<T> {
  try {
    return await use()
  } catch (error) {
    return otherwise(sentenceOf(error))
  }
}
