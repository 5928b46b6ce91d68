/** Why the toolkit didn't do what it was asked to, by what it printed; empty if it didn't say. */
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

/** Whether it found no zstd: it takes gzip then, and finds only what was saved with that. */
export function lacksZstd(log: string): boolean {
  return /^::debug::zstd version: null$/m.test(log)
}

/** Whether it was told that the key is taken. It calls any trouble with a reservation "another job may be creating this cache". */
export function conflictIn(log: string): boolean {
  return /\(409\)|already exists|response was not ok/i.test(reasonIn(log))
}

/** Whether it says that it couldn't save. */
export function failureIn(log: string): boolean {
  return /^(?:::\w+::)?Failed to save: /m.test(log)
}

/** Without the runner's own escapes in commands. */
export function unescaped(text: string): string {
  return text.replaceAll('%0D', ' ').replaceAll('%0A', ' ').replaceAll('%25', '%').trim()
}
