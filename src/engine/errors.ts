import { type ErrorKind, UserError } from '../bytes/errors.ts'

/**
 * An engine failed. The message is one sentence for the user: what failed, the engine's last line of output, and what to do if something
 * can be done.
 */
export class EngineError extends UserError {
  override readonly name: string = 'EngineError'

  constructor(message: string, kind: ErrorKind = 'engine') {
    super(message, kind)
  }
}

/** No container can be created from an image, although there is enough time and room: the image itself is broken. */
export class BrokenImageError extends EngineError {
  override readonly name = 'BrokenImageError'

  constructor(message: string) {
    super(message, 'broken-image')
  }
}
