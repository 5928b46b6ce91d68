/** What an engine couldn't do. The message is one sentence for the user: what failed, the engine's own last word, and the way out if there is one. */
export class EngineError extends Error {
  override readonly name = 'EngineError'
}
