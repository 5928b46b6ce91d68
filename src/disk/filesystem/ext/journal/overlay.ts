import { checkRange, type Source } from '../../../../bytes/source.ts'
import { journalMagic } from './block.ts'

/** A newer version of a block, stored in the journal. */
export interface Replacement {
  /** The journal's block. */
  readonly at: number
  /** Whether the first four bytes must be restored to the journal's magic. */
  readonly escaped: boolean
}

/** A device with some blocks read from its journal instead. The keys of `replacements` are the device's block numbers. */
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
