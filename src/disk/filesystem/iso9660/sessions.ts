import { peek } from '../../../bytes/peek.ts'
import type { Source } from '../../../bytes/source.ts'
import { sectorSize } from './reader.ts'

/** What a disc can have. */
const maxSessions = 99
/** Sessions begin at multiples of this many sectors, and have as many sectors before their descriptors. */
const alignment = 16
/** On a CD, 11,400 sectors come between the first two sessions, and 150 before the data. */
const maxGap = 11_552

/**
 * The sectors at which the sessions of a disc begin. Each later session has all files that it keeps from those before, so the last one is
 * the whole disc, as Linux mounts it. On a disc, the table of contents has these sectors; an image has no such table, so later sessions are
 * found by their descriptors. Their directories are numbered from the start of the disc; another ISO that merely follows isn't a session.
 */
export function findSessions(source: Source): number[] {
  const sessions = [0]
  for (let end = volumeEnd(source, 0); end !== undefined && sessions.length < maxSessions; ) {
    const next = nextSession(source, end)
    if (next === undefined) break
    sessions.push(next)
    end = volumeEnd(source, next)
  }
  return sessions
}

function nextSession(source: Source, end: number): number | undefined {
  const first = Math.ceil(end / alignment) * alignment
  for (let session = first; session <= end + maxGap && (session + alignment + 1) * sectorSize <= source.size; session += alignment) {
    const descriptor = primaryDescriptor(source, session)
    if (descriptor && descriptor.readUInt32LE(158) > session + alignment) return session
  }
  return undefined
}

/** The sector after a session; undefined if it has no primary descriptor, or blocks of another size than a disc has. */
function volumeEnd(source: Source, session: number): number | undefined {
  const descriptor = primaryDescriptor(source, session)
  return descriptor?.readUInt16LE(128) === sectorSize ? session + descriptor.readUInt32LE(80) : undefined
}

function primaryDescriptor(source: Source, session: number): Buffer | undefined {
  const bytes = peek(source, (session + alignment) * sectorSize, 2048)
  return bytes?.toString('latin1', 0, 6) === '\x01CD001' ? bytes : undefined
}
