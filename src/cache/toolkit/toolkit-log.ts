/** Finds in the toolkit's output why it failed; empty if it didn't say. */
export function reasonIn(log: string): string {
  for (const pattern of [
    /^::debug::Failed to reserve cache: (?:Error: )?(.*)$/gm,
    /^(?:::\w+::)?Failed to (?:restore|save): (?:Error: )?(.*)$/gm,
    /^Cache (?:restore|save) skipped: (.*)$/gm,
  ]) {
    const reason = [...log.matchAll(pattern)].at(-1)?.[1]
    if (reason) return unescaped(reason)
  }
  return ''
}

/** The toolkit's output without the values that it asks the runner to mask, and without the queries of URLs, which are signatures. */
export function withoutSecrets(text: string): string {
  return text.replace(/^::add-mask::.*\n?/gm, '').replace(/(https?:\/\/[^\s"'?]+)\?[^\s"']*/g, '$1?***')
}

/** Whether the toolkit found no zstd. It then uses gzip, and finds only entries that were saved with gzip. */
export function lacksZstd(log: string): boolean {
  return /^::debug::zstd version: null$/m.test(log)
}

/**
 * Whether the service said that the key is taken. The toolkit reports any problem with a reservation as "another job may be creating this
 * cache".
 */
export function conflictIn(log: string): boolean {
  return /\(409\)|already exists|response was not ok/i.test(reasonIn(log))
}

/** Whether the toolkit reported that it couldn't save. */
export function failureIn(log: string): boolean {
  return /^(?:::\w+::)?Failed to save: /m.test(log)
}

/** Undoes the runner's escaping in commands. */
function unescaped(text: string): string {
  return text.replaceAll('%0D', ' ').replaceAll('%0A', ' ').replaceAll('%25', '%').trim()
}
