import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

/** What the runner makes an annotation of. */
export interface Annotation {
  readonly owner: string
  readonly severity: string
  readonly message: string
  /** From the top of the repository; missing if the runner can't find such a file there. */
  readonly file?: string
  readonly line?: number
  readonly column?: number
}

const fields = ['file', 'line', 'column', 'severity', 'message'] as const
type Field = (typeof fields)[number]
type Pattern = { readonly [F in Field]?: number } & { readonly regexp: string; readonly loop?: boolean }
interface Matcher {
  readonly owner: string
  readonly severity?: string
  readonly pattern: readonly Pattern[]
}
type Found = { readonly [F in Field]?: string }

export function readMatchers(file: string): Matcher[] {
  return (JSON.parse(readFileSync(file, 'utf8')) as { problemMatcher: Matcher[] }).problemMatcher
}

/**
 * Applies problem matchers as the runner does: to one line after the other, the matcher that was registered last first, and the first one
 * that makes an annotation takes the line. Patterns of one matcher must match lines that follow each other. A relative path starts at the
 * workspace, whatever the step's working directory is; a file that isn't there, or that isn't the repository's, is left out.
 */
export function annotate(matchers: readonly Matcher[], output: string, workspace: string): Annotation[] {
  const states = matchers.map((matcher) => new Progress(matcher)).reverse()
  return output.split('\n').flatMap((line) => {
    for (const state of states) {
      const found = state.match(line)
      if (!found) continue
      for (const other of states) if (other !== state) other.reset()
      const annotation = toAnnotation(state.matcher, found, workspace)
      if (annotation) return [annotation]
    }
    return []
  })
}

/** How far a matcher has come with its patterns. */
class Progress {
  readonly matcher: Matcher
  readonly #regexps: readonly RegExp[]
  #found: (Found | undefined)[] = []

  constructor(matcher: Matcher) {
    this.matcher = matcher
    this.#regexps = matcher.pattern.map(({ regexp }) => new RegExp(regexp))
  }

  reset(): void {
    this.#found = []
  }

  match(line: string): Found | undefined {
    const last = this.#regexps.length - 1
    for (let index = last; index >= 0; index--) {
      const before = index > 0 ? this.#found[index - 1] : {}
      if (!before) continue
      const pattern = this.matcher.pattern[index]!
      const groups = this.#regexps[index]!.exec(line)
      const found = groups && { ...fieldsOf(pattern, groups), ...before }
      if (index < last) this.#found[index] = found ?? undefined
      else if (found) {
        this.reset()
        if (pattern.loop) this.#found[last - 1] = before
        return found
      } else if (last > 0) this.#found[last - 1] = undefined
    }
    return undefined
  }
}

function fieldsOf(pattern: Pattern, groups: RegExpExecArray): Found {
  return Object.fromEntries(fields.flatMap((field) => (pattern[field] === undefined ? [] : [[field, groups[pattern[field]] ?? '']])))
}

function toAnnotation(matcher: Matcher, found: Found, workspace: string): Annotation | undefined {
  const severity = (found.severity || matcher.severity || 'error').toLowerCase()
  if (!found.message || !['error', 'warning', 'notice'].includes(severity)) return undefined
  return {
    owner: matcher.owner,
    severity,
    message: found.message,
    ...(found.file && inRepository(found.file, workspace)),
    ...(found.line && { line: Number(found.line) }),
    ...(found.column && { column: Number(found.column) }),
  }
}

function inRepository(file: string, workspace: string): { file: string } | undefined {
  const path = resolve(workspace, file)
  for (let folder = dirname(path); existsSync(path) && folder !== '/'; folder = dirname(folder)) {
    if (existsSync(join(folder, '.git', 'config'))) return { file: relative(folder, path) }
  }
  return undefined
}
