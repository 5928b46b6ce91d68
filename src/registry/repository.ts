import { isPath } from '../image/config/reference.ts'

/** A repository of a registry: where images of one name are. */
export interface Repository {
  /** As the user wrote it, e.g. `ghcr.io/acme/private/xenserver-ddk`. */
  readonly text: string
  /** The registry's host and port, e.g. `ghcr.io`, `127.0.0.1:5000`. Logins are kept by it. */
  readonly registry: string
  /** Host and port that answer for the registry: Docker Hub's have another name. */
  readonly host: string
  /** The name in the registry, e.g. `acme/private/xenserver-ddk`. */
  readonly name: string
  /** Whether the registry is on this machine, where plain http is allowed. */
  readonly isLocal: boolean
}

/**
 * Parses `HOST[:PORT]/NAME`, without a tag.
 * @throws Error that says how to write it
 */
export function parseRepository(text: string): Repository {
  const refuse = (why: string) => new Error(`${JSON.stringify(text)} is not a repository: ${why}`)
  if (/^[a-z]+:\/\//i.test(text)) throw refuse('leave the scheme out, as in ghcr.io/acme/private/xenserver-ddk')
  const slash = text.indexOf('/')
  const registry = text.slice(0, slash)
  const name = text.slice(slash + 1)
  if (slash < 0 || !(/[.:]/.test(registry) || registry === 'localhost')) {
    throw refuse('it must begin with the host of a registry, as in ghcr.io/acme/private/xenserver-ddk')
  }
  if (/[@:]/.test(name)) throw refuse('it must have neither a tag nor a digest, because the action chooses the tags')
  if (!isPath(name) || name.length > 255) {
    throw refuse(
      name === name.toLowerCase()
        ? `the name ${JSON.stringify(name)} isn't valid`
        : `it must be lower-case: ${JSON.stringify(name.toLowerCase())}`,
    )
  }
  const url = URL.parse(`https://${registry}`)
  // What would become another part of an address than its host, or nothing at all.
  if (!url || /[\s@?#\\]/.test(registry)) {
    throw refuse(`${JSON.stringify(registry)} is not a host and port`)
  }
  const isHub = registry === 'docker.io' || registry === 'index.docker.io'
  return {
    text,
    registry,
    host: isHub ? 'registry-1.docker.io' : registry,
    name: isHub && !name.includes('/') ? `library/${name}` : name,
    isLocal: isLoopback(url.hostname),
  }
}

/** Whether a host is this machine, by its name or number: what is sent to it doesn't leave the machine. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname)
}
