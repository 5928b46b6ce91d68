import type { Footer } from './footer.ts'
import type { VhdInfo } from './index.ts'

export function describeFooter({ creator, creatorVersion, uuid, originalSize, currentSize, geometrySize }: Footer): Omit<VhdInfo, 'type'> {
  return { creator: `${creator} ${creatorVersion.major}.${creatorVersion.minor}`, uuid, originalSize, currentSize, geometrySize }
}
