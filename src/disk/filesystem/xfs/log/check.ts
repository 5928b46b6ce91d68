import { DiskError } from '../../../../bytes/errors.ts'
import type { Source } from '../../../../bytes/source.ts'
import type { Superblock } from '../superblock/superblock.ts'
import { findHead } from './head.ts'
import { openLog } from './log.ts'
import { endOf, isUnmount, recordBefore } from './record.ts'

/**
 * Checks that all changes are in their places, and not only in the log: the last record of the log says so when the filesystem is unmounted.
 * @throws DiskError if it wasn't unmounted cleanly
 */
export function checkLog(device: Source, superblock: Superblock): void {
  const { name } = device
  const refuse = (what: string) => new DiskError(name, what, 'unsupported')
  if (superblock.logStart === 0) {
    throw refuse(
      'the log of the XFS filesystem is on another device, so it is unknown whether it was unmounted cleanly; copy its files elsewhere',
    )
  }
  const log = openLog(device, superblock)
  const head = findHead(log)
  if (head === undefined) return
  const last = recordBefore(log, head)
  if (last && endOf(log, last) === head && isUnmount(log, last)) return
  throw refuse(
    'the XFS filesystem was not unmounted cleanly, so its last changes are only in its log, which is not replayed; mount it once with Linux and unmount it, which replays the log, or run xfs_repair',
  )
}
