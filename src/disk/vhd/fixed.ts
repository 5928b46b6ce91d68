import type { Warn } from '../../bytes/errors.ts'
import { type Source, slice } from '../../bytes/source.ts'
import type { Footer } from './footer.ts'
import { describeFooter, type Vhd } from './info.ts'

/** A fixed VHD: the disk's bytes unchanged, and a footer at byte `footerOffset`. */
export function fixedDisk(source: Source, footer: Footer, footerOffset: number, warn: Warn): Vhd {
  if (footer.currentSize !== footerOffset) {
    warn(`${source.name}: the VHD footer says that the disk has ${footer.currentSize} bytes, but ${footerOffset} bytes are before it`)
  }
  const disk = slice(source, 0, Math.min(footer.currentSize, footerOffset))
  return { ...disk, info: { type: 'fixed', ...describeFooter(footer) }, check() {} }
}
