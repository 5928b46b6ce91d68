import { feedChild } from '../programs/child.ts'
import type { Credentials } from './credentials.ts'

/** Seconds. A helper may ask a service for the password, but nobody is there to be asked. */
const deadline = 30

/**
 * Asks a credential helper (docker/docker-credential-helpers, "Development"): the program `docker-credential-NAME` gets the server as its
 * standard input, and answers with the login in JSON. One that fails is one line for `say`.
 */
export async function askHelper(
  name: string,
  server: string,
  { say, signal }: { readonly say: (line: string) => void; readonly signal: AbortSignal },
): Promise<Credentials | undefined> {
  if (!/^[\w.-]+$/.test(name)) {
    say('A credential helper is ignored, because its name has characters that no program in PATH should have')
    return undefined
  }
  signal.throwIfAborted()
  const program = `docker-credential-${name}`
  const child = feedChild(program, ['get'])
  let isLate = false
  const end = () => void child.kill()
  const timer = setTimeout(() => {
    isLate = true
    end()
  }, deadline * 1000)
  signal.addEventListener('abort', end)
  try {
    await child.write(Buffer.from(server))
    const { code, stdout, missing } = await child.end()
    signal.throwIfAborted()
    if (code === 0) return parse(stdout)
    // What a helper prints may be secret, except that it knows nothing (client/client.go, "credentials not found").
    if (/credentials not found/i.test(stdout)) return undefined
    const why = missing ? "isn't in PATH" : isLate ? `didn't answer within ${deadline} seconds` : `ended with exit code ${code}`
    say(`The login to ${server} can't be read: ${program} ${why}`)
    return undefined
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', end)
  }
}

function parse(json: string): Credentials | undefined {
  try {
    const { Username: username, Secret: secret } = JSON.parse(json) as { Username?: unknown; Secret?: unknown }
    if (typeof username !== 'string' || typeof secret !== 'string') return undefined
    return username === '<token>' ? { kind: 'refresh-token', token: secret } : { kind: 'password', username, password: secret }
  } catch {
    return undefined
  }
}
