/** Name of an image, in the syntax of the OCI distribution specification and Docker's `distribution/reference`. */
export interface Reference {
  /** `name:tag` as the user would type it: without `docker.io/library/`, unless that was given. */
  readonly text: string
  /** With its registry: `docker.io/library/name:tag`. */
  readonly canonical: string
  /** Without the tag. If a registry is given, its host and port come before the first slash. */
  readonly name: string
  readonly tag: string
}

const component = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/
const host = /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:]+\])(?::[0-9]+)?$/
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/

/** Whether a text may be a tag. */
export function isTag(text: string): boolean {
  return tagPattern.test(text)
}

/** Whether a text may be the path of a name, e.g. `acme/private/xenserver-ddk`. */
export function isPath(text: string): boolean {
  return text.split('/').every((part) => component.test(part))
}

/**
 * Parses `[HOST[:PORT]/]PATH[:TAG]`. The default tag is `latest`.
 * @throws Error with the reason, if no engine would accept it
 */
export function parseReference(text: string): Reference {
  const refuse = (why: string) => new Error(`the image name ${JSON.stringify(text)} can't be used: ${why}`)
  if (text === '') throw refuse('it is empty')
  if (text.includes('@')) throw refuse('it has a digest, which only a registry can give; remove the @ and everything after it')
  const colon = text.lastIndexOf(':')
  const tagged = colon > text.lastIndexOf('/') && !text.endsWith(']')
  const name = tagged ? text.slice(0, colon) : text
  const tag = tagged ? text.slice(colon + 1) : 'latest'
  if (!isTag(tag)) {
    throw refuse(
      `the tag ${JSON.stringify(tag)} must have 1 to 128 letters, digits, underscores, dots and hyphens, and must not begin with a dot or a hyphen`,
    )
  }
  const { domain, path } = splitDomain(name)
  if (domain !== undefined && !host.test(domain)) throw refuse(`${JSON.stringify(domain)} is not a valid host and port of a registry`)
  const bad = path.split('/').find((part) => !component.test(part))
  if (bad !== undefined) throw refuse(whyNoComponent(bad))
  if (domain === undefined && /^[0-9a-f]{64}$/.test(path)) throw refuse('64 hexadecimal digits are an image ID')
  if (name.length > 255) throw refuse(`its name has ${name.length} characters; the limit is 255`)
  return { text: `${name}:${tag}`, canonical: `${canonicalName(name, domain)}:${tag}`, name, tag }
}

/** The first component is a registry if it can't be a name on Docker Hub. */
function splitDomain(name: string): { domain?: string; path: string } {
  const slash = name.indexOf('/')
  const first = name.slice(0, slash)
  const isDomain = slash > 0 && (/[.:]/.test(first) || first === 'localhost')
  return isDomain ? { domain: first, path: name.slice(slash + 1) } : { path: name }
}

function whyNoComponent(part: string): string {
  if (part === '') return 'it has an empty part before or after a slash'
  const lower = part.toLowerCase()
  if (component.test(lower)) return `it must be lower-case: ${JSON.stringify(lower)}`
  return `${JSON.stringify(part)} must be lower-case letters and digits, with single dots, one or two underscores, or hyphens between them`
}

function canonicalName(name: string, domain: string | undefined): string {
  if (domain !== undefined) return name
  return name.includes('/') ? `docker.io/${name}` : `docker.io/library/${name}`
}
