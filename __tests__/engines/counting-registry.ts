import { startRegistry } from '../support/registry.ts'
import { startRegistryProxy } from '../support/registry-proxy.ts'

/** Debian's docker-registry, and what jobs move to and from it. */
export interface CountingRegistry {
  /** Inputs of a job that uses it. */
  readonly inputs: Readonly<Record<string, string>>
  /** Since the last call. */
  counted(): RegistryCounts
  stop(): Promise<void>
}

export interface RegistryCounts {
  /** Names that manifests were given. */
  readonly tags: number
  /** Bytes of bodies. */
  readonly up: number
  readonly down: number
}

export async function countingRegistry(): Promise<CountingRegistry> {
  // An image isn't pushed to where nobody has to log in.
  const login = { username: 'fleet', password: 'secret' }
  const registry = await startRegistry({ login })
  const proxy = await startRegistryProxy(registry.port)
  return {
    inputs: {
      'registry-image': `${proxy.host}/acme/private/ddk`,
      'registry-username': login.username,
      'registry-password': login.password,
    },
    counted() {
      const tags = proxy.all('PUT', /\/manifests\//).length
      const sum = (of: (request: (typeof proxy.seen)[number]) => number) => proxy.seen.reduce((total, request) => total + of(request), 0)
      const counts = { tags, up: sum(({ bytes }) => bytes), down: sum(({ answered }) => answered) }
      proxy.seen.length = 0
      return counts
    },
    async stop() {
      await proxy.stop()
      await registry.stop()
    },
  }
}
