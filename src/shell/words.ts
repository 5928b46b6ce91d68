/**
 * Splits text into words as a shell does: blanks and newlines separate, quotes and backslashes protect. Nothing is expanded.
 * @throws Error if a quote is not closed
 */
export function splitWords(text: string): string[] {
  const words: string[] = []
  let word: string | undefined
  const pieces = /(\s+)|'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^\s'"\\]+)|(.)/gs
  for (const [, blank, single, double, escaped, plain, odd] of text.matchAll(pieces)) {
    if (odd === '\\') throw new Error('it ends with a single backslash')
    if (odd !== undefined) throw new Error(`a quote (${odd}) is not closed`)
    if (blank !== undefined) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else {
      word = (word ?? '') + (single ?? double?.replace(/\\(?:\n|(["\\$`]))/g, '$1') ?? (escaped === '\n' ? '' : escaped) ?? plain ?? '')
    }
  }
  if (word !== undefined) words.push(word)
  return words
}
