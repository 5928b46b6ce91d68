import { type ErrorKind, kindOfCode, UserError } from './bytes/errors.ts'

/** For each kind of error, the section of docs/troubleshooting.md that explains it: the fragment of its heading's address. */
export const sections: Readonly<Record<ErrorKind, string>> = {
  input: 'an-input-is-refused',
  'no-address': 'no-url-is-known-for-the-ddk',
  'other-version': 'another-version-was-requested',
  checksum: 'the-checksum-is-wrong',
  changed: 'the-address-gives-another-file-than-before',
  unreachable: 'the-iso-cant-be-fetched',
  denied: 'the-server-answers-401-or-403',
  'other-image': 'the-image-isnt-the-expected-one',
  registry: 'the-registry-refuses-or-fails',
  'public-registry': 'anybody-can-read-the-repository',
  certificate: 'the-servers-certificate-cant-be-verified',
  damaged: 'the-iso-is-damaged',
  unsupported: 'the-format-isnt-supported',
  encrypted: 'the-disk-is-encrypted',
  'not-a-ddk': 'it-isnt-a-ddk',
  'input-output': 'the-iso-cant-be-read',
  'no-room': 'no-space-left-on-device',
  permission: 'permission-denied',
  memory: 'the-thread-that-reads-the-iso-ended-unexpectedly',
  'no-engine': 'no-container-engine-can-be-used',
  engine: 'the-engine-failed',
  'too-few-ids': 'the-image-has-owners-that-the-engine-lacks',
  'broken-image': 'no-container-can-be-created-from-the-image',
  container: 'the-container-of-ddksh-cant-be-made',
  'no-steps': 'steps-with-shell-ddksh-cant-run',
  packages: 'the-packages-cant-be-listed',
  cancelled: 'cancelled',
}

/** For an error of none of these kinds. */
export const lastSection = 'any-other-error'

/** Node's codes for what a system call reports (errno(3)). */
const kindOfAnyCode: Readonly<Record<string, ErrorKind>> = {
  ...kindOfCode,
  ENOMEM: 'memory',
  ERR_WORKER_OUT_OF_MEMORY: 'memory',
  EIO: 'input-output',
  // Only a path that somebody has given can have these.
  ELOOP: 'input',
  ENAMETOOLONG: 'input',
  ENOTDIR: 'input',
}

/**
 * Where an error is explained: the address of a section of docs/troubleshooting.md, or its path if the action's repository isn't known.
 * @param error anything that was thrown
 */
export function explanationOf(error: unknown, env: NodeJS.ProcessEnv = process.env): string {
  const kind = kindOf(error)
  return kind === undefined ? `${guide(env)}#${lastSection}` : explanationOfKind(kind, env)
}

export function explanationOfKind(kind: ErrorKind, env: NodeJS.ProcessEnv = process.env): string {
  return `${guide(env)}#${sections[kind]}`
}

function kindOf(error: unknown): ErrorKind | undefined {
  if (error instanceof UserError) return error.kind
  if (!(error instanceof Error)) return undefined
  return kindOfAnyCode[(error as NodeJS.ErrnoException).code ?? ''] ?? kindOf(error.cause)
}

/** The runner says where the action comes from, unless it is in a folder of the workflow's own repository. */
function guide({ GITHUB_SERVER_URL, GITHUB_ACTION_REPOSITORY, GITHUB_ACTION_REF }: NodeJS.ProcessEnv): string {
  const path = 'docs/troubleshooting.md'
  if (!GITHUB_SERVER_URL || !GITHUB_ACTION_REPOSITORY || !GITHUB_ACTION_REF) return path
  return `${GITHUB_SERVER_URL}/${GITHUB_ACTION_REPOSITORY}/blob/${GITHUB_ACTION_REF.split('/').map(encodeURIComponent).join('/')}/${path}`
}
