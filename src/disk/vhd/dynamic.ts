import { DiskError, type Warn } from '../../bytes/errors.ts'
import { checkRange, type Source } from '../../bytes/source.ts'
import { bit, bitmapReader } from './bitmaps.ts'
import { type BlockMap, readBlockMap } from './block-map.ts'
import { endFooter, type Footer } from './footer.ts'
import { readHeader } from './header.ts'
import { describeFooter, type Vhd } from './info.ts'

/**
 * Opens a dynamic VHD whose footer (or its copy) has been read.
 * @throws DiskError if it is damaged, or a differencing VHD
 */
export function openDynamic(source: Source, footerBytes: Buffer, footer: Footer, warn: Warn): Vhd {
  const header = readHeader(source, footer.dataOffset, warn)
  if (footer.type === 'differencing') {
    throw new DiskError(
      source.name,
      `it is a differencing VHD, which contains only the differences from its parent "${header.parentName}"; merge it with its parent first`,
      'unsupported',
    )
  }
  const map = readBlockMap(source, footer, header, warn)
  const bitmaps = bitmapReader(source, map, footer)

  /** Fills `into` from a single block. */
  function readBlock(block: number, into: Uint8Array, within: number): void {
    const place = map.place(block)
    if (place === undefined) {
      into.fill(0)
      return
    }
    const data = place + map.bitmapSize
    const bitmap = bitmaps.of(block)
    if (bitmap === 'full') {
      source.read(into, data + within)
      return
    }
    for (const { from, to, used } of sectorRuns(bitmap, within, within + into.length)) {
      const piece = into.subarray(from - within, to - within)
      if (used) source.read(piece, data + from)
      else piece.fill(0)
    }
  }

  const disk: Vhd = {
    name: source.name,
    size: footer.currentSize,
    info: {
      type: 'dynamic',
      ...describeFooter(footer),
      blockSize: map.blockSize,
      blocks: map.count,
      allocatedBlocks: map.allocated,
      batmap: map.batmap,
    },
    read(into, offset) {
      checkRange(disk, offset, into.length)
      for (let done = 0; done < into.length; ) {
        const block = Math.floor((offset + done) / map.blockSize)
        const within = offset + done - block * map.blockSize
        const length = Math.min(map.blockSize - within, into.length - done)
        readBlock(block, into.subarray(done, done + length), within)
        done += length
      }
    },
    check() {
      checkBounds(source, map, footer.currentSize)
      const end = endFooter(source)
      if (!end) warn(`${source.name}: the VHD footer at the end is missing; the file is cut short, or other data follows it`)
      else if (!end.bytes.equals(footerBytes))
        warn(`${source.name}: the VHD footer at byte ${end.offset} differs from its copy at byte 0, which is used`)
    },
  }
  return disk
}

/** Runs of sectors that are all used or all unused, as byte ranges of the block, clipped to `start` and `end`. */
function* sectorRuns(bitmap: Buffer, start: number, end: number): Generator<{ from: number; to: number; used: boolean }> {
  for (let from = start; from < end; ) {
    let sector = Math.floor(from / 512)
    const used = bit(bitmap, sector)
    do sector++
    while (sector * 512 < end && bit(bitmap, sector) === used)
    const to = Math.min(sector * 512, end)
    yield { from, to, used }
    from = to
  }
}

function checkBounds(source: Source, map: BlockMap, diskSize: number): void {
  for (let block = 0; block < map.count; block++) {
    const place = map.place(block)
    if (place === undefined) continue
    // The last block may end where the disk ends.
    const end = place + map.bitmapSize + Math.min(map.blockSize, diskSize - block * map.blockSize)
    if (end > source.size) {
      throw new DiskError(
        source.name,
        `block ${block} of the VHD ends at byte ${end}, but the file ends at byte ${source.size}; it is cut short, or the block allocation table is damaged`,
      )
    }
  }
}
