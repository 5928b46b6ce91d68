import { checkRange, type Source } from '../../../../bytes/source.ts'
import { journalMagic } from './block.ts'

/** A block's newer state, in the journal. */
export interface Replacement {
  /** The journal's block. */
  readonly at: number
  /** Whether the journal's magic must be put back into its first four bytes. */
  readonly escaped: boolean
}

/** A device some of whose blocks are read from its journal instead. `replacements` are by the device's block number. */
export function overlay(device: Source, journal: Source, blockSize: number, replacements: ReadonlyMap<number, Replacement>): Source {
  const { name, size } = device
  const replayed: Source = {
    name,
    size,
    read(into, offset) {
      checkRange(replayed, offset, into.length)
      let pending = 0
      const flush = (upTo: number) => {
        if (pending < upTo) device.read(into.subarray(pending, upTo), offset + pending)
      }
      for (let done = 0; done < into.length; ) {
        const block = Math.floor((offset + done) / blockSize)
        const within = offset + done - block * blockSize
        const end = Math.min(into.length, done + blockSize - within)
        const replacement = replacements.get(block)
        if (replacement) {
          flush(done)
          readReplacement(into.subarray(done, end), replacement, within)
          pending = end
        }
        done = end
      }
      flush(into.length)
    },
  }
  const readReplacement = (into: Uint8Array, { at, escaped }: Replacement, within: number) => {
    journal.read(into, at * blockSize + within)
    if (escaped && within < magic.length) into.set(magic.subarray(within, Math.min(magic.length, within + into.length)))
  }
  return replacements.size > 0 ? replayed : device
}

const magic = Buffer.alloc(4)
magic.writeUInt32BE(journalMagic)
