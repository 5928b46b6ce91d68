import type { IncomingMessage } from 'node:http'
import { connectionFailure } from '../http/failure.ts'

/**
 * The bytes of an answer.
 * @throws HttpFailure if the connection fails; the reason of `signal`
 */
export async function* received(body: IncomingMessage, signal: AbortSignal): AsyncGenerator<Buffer> {
  const pieces: AsyncIterator<Buffer> = body[Symbol.asyncIterator]()
  const next = async () => {
    try {
      return await pieces.next()
    } catch (error) {
      throw signal.aborted ? signal.reason : connectionFailure(error)
    }
  }
  for (let piece = await next(); !piece.done; piece = await next()) yield piece.value
}
