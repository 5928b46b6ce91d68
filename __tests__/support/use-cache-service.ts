import { afterAll, beforeAll, beforeEach } from '@jest/globals'
import { type CacheService, startCacheService } from './cache-service.ts'

/** Starts a cache service for the tests of a file, and makes it that of this process's job. Each test begins with an empty cache. */
export function useCacheService(): () => CacheService {
  let service: CacheService
  let environment: NodeJS.ProcessEnv
  beforeAll(async () => {
    service = await startCacheService()
    environment = { ...process.env }
    Object.assign(process.env, service.env.v2)
  })
  afterAll(async () => {
    process.env = environment
    await service.close()
  })
  beforeEach(() => service.forgetAll())
  return () => service
}
