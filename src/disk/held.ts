import { DiskError } from '../bytes/errors.ts'

/** Something that is open, and may still be arriving. */
interface Holding {
  /**
   * Waits until everything has arrived and been verified.
   * @throws DiskError that names the damaged part
   */
  finish?(): void
  close(): void
}

/** Files and unpacked files, each one inside those that were added before it. */
export interface Held {
  add<T extends Holding>(thing: T): T
  /** Finishes the outermost first, because damage there explains all others. */
  finish(): void
  /** The actual reason for `error`: if something is damaged, then that; else `error` itself. Waits as `finish` does. */
  causeOf(error: unknown): unknown
  /** Closes the innermost first. */
  close(): void
}

export function holder(): Held {
  const things: Holding[] = []
  const finish = () => {
    for (const thing of things) thing.finish?.()
  }
  return {
    add(thing) {
      things.push(thing)
      return thing
    },
    finish,
    causeOf(error) {
      if (!(error instanceof DiskError)) return error
      try {
        finish()
        return error
      } catch (cause) {
        return cause
      }
    },
    close() {
      for (const thing of things.splice(0).reverse()) thing.close()
    },
  }
}
