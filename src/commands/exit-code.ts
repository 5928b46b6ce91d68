import { DiskError, type DiskErrorKind } from '../bytes/errors.ts'
import { UsageError } from './usage.ts'

/** As `--help` lists them. */
const exitCodes: Readonly<Record<DiskErrorKind, number>> = {
  damaged: 3,
  unsupported: 4,
  encrypted: 5,
  'input-output': 6,
  'no-room': 6,
  permission: 6,
  'not-a-ddk': 7,
}

/** The exit code for an input that can't be used. */
export function exitCodeOf(kind: DiskErrorKind): number {
  return exitCodes[kind]
}

/** The exit code for any error that ended a command. */
export function exitCode(error: unknown): number {
  if (error instanceof UsageError) return 2
  return error instanceof DiskError ? exitCodeOf(error.kind) : 1
}
