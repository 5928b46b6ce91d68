import { sentenceOf } from '../../host/system-error.ts'

/** Returns what `use` returns. If it throws, returns what `otherwise` makes of the message: nothing in a cache is worth a failed step. */
export async function bestEffort<T>(use: () => T | Promise<T>, otherwise: (why: string) => T): Promise<T> {
  try {
    return await use()
  } catch (error) {
    return otherwise(sentenceOf(error))
  }
}
