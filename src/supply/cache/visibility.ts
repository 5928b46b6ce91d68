import { readFileSync } from 'node:fs'

/** Who may read the repository of the job. Some events, such as `schedule`, may not say. */
export type Visibility = 'public' | 'restricted' | 'unknown'

/**
 * Reads it from the event that started the workflow (GitHub, "Webhook events and payloads": `repository.visibility`, `repository.private`).
 */
export function repositoryVisibility(eventPath: string | undefined = process.env.GITHUB_EVENT_PATH): Visibility {
  const { visibility, private: isPrivate } = repositoryIn(eventPath)
  if (visibility === 'public' || isPrivate === false) return 'public'
  return isPrivate === true || visibility === 'private' || visibility === 'internal' ? 'restricted' : 'unknown'
}

interface Repository {
  readonly visibility?: unknown
  readonly private?: unknown
}

function repositoryIn(eventPath: string | undefined): Repository {
  try {
    const event = JSON.parse(readFileSync(eventPath ?? '', 'utf8')) as { readonly repository?: Repository | null } | null
    return event?.repository ?? {}
  } catch {
    return {}
  }
}
