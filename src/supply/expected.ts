import { UserError } from '../bytes/errors.ts'
import type { ArchiveSummary } from '../image/archive/archive.ts'
import type { Order } from './order.ts'

/** Whether an image with these digests may be used: one of them must be the expected one, if there is one. */
export function isExpected(digests: readonly (string | undefined)[], { expectDigest }: Pick<Order, 'expectDigest'>): boolean {
  return expectDigest === undefined || digests.includes(expectDigest)
}

/**
 * Checks an image that was made just now, before anything is named after it.
 * @throws UserError if it isn't the expected one
 */
export function requireExpected({ configDigest, manifestDigest }: ArchiveSummary, order: Pick<Order, 'expectDigest'>): void {
  if (isExpected([configDigest, manifestDigest], order)) return
  throw new UserError(
    `The image isn't the one that "expect-digest" names: its configuration is ${configDigest} and its manifest ${manifestDigest}, ` +
      `but ${order.expectDigest} is expected; if you trust this image, set expect-digest: ${configDigest}`,
    'other-image',
  )
}
