import { dirname } from 'node:path'
import type { Arrival } from '../../bytes/arriving-file.ts'
import { checkFreeSpace } from '../../host/free-space.ts'
import type { Conversion } from '../../image/description.ts'
import type { Phase } from '../../phase/phase.ts'
import { convertWithProgress } from '../../report/steps.ts'
import type { Order } from '../order.ts'

/** An ISO on this machine, which may still be arriving. */
export interface Input {
  readonly path: string
  readonly arrival?: Arrival
  /** In hexadecimal; undefined for a folder. The conversion doesn't end before this is known, and fails if it is rejected. */
  readonly sha256: Promise<string | undefined>
}

/** Converts an ISO into the image of an order. */
export function convertIso(input: Input, order: Order, { say, warn, signal }: Phase = order.phase): Promise<Conversion> {
  const { archive, tempDir, compression, uname, maxZeroBytes, rootImport } = order
  const options: Parameters<typeof convertWithProgress>[0] = {
    input: input.path,
    arrival: input.arrival,
    inputSha256: input.sha256,
    archive,
    tempDir,
    compression,
    uname,
    maxZeroBytes,
    name(found) {
      // A root filesystem compresses to about a third of its size.
      const archiveSize = rootImport?.sink ? 0 : compression === 'none' ? found.used : found.used / 3
      checkFreeSpace(dirname(archive), archiveSize, 'The archive of the image')
      return [order.name(found.identity)]
    },
    warn,
    note: say,
    signal,
  }
  return order.timeline.measure('Convert the disk', () => convertWithProgress(options, say, rootImport))
}
