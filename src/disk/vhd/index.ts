import { DiskError, damage, type Warn } from '../../bytes/errors.ts'
import { peek } from '../../bytes/peek.ts'
import type { Source } from '../../bytes/source.ts'
import { openDynamic } from './dynamic.ts'
import { fixedDisk } from './fixed.ts'
import { endFooter, footerSize, hasFooterCookie, parseFooter } from './footer.ts'
import type { Vhd } from './info.ts'

export type { Vhd, VhdInfo } from './info.ts'

/**
 * Opens a VHD (Virtual Hard Disk Image Format Specification 1.0). A dynamic VHD doesn't need the size of `source`, which may still be
 * growing.
 * @throws DiskError if it isn't a VHD, is damaged, or needs a parent
 */
export function openVhd(source: Source, warn: Warn): Vhd {
  const start = peek(source, 0, footerSize)
  if (start && hasFooterCookie(start)) {
    const footer = parseFooter(start, `${source.name}, byte 0`, warn)
    if (footer.type === 'fixed') throw damage(source, 0, 'there is the footer of a fixed VHD, which has one at its end only', 'VHD')
    return openDynamic(source, start, footer, warn)
  }
  const found = endFooter(source)
  if (!found) throw new DiskError(source.name, 'it is not a VHD: neither its start nor its end has the cookie "conectix"', 'not-a-ddk')
  const footer = parseFooter(found.bytes, `${source.name}, byte ${found.offset}`, warn)
  if (footer.type === 'fixed') return fixedDisk(source, footer, found.offset, warn)
  warn(`${source.name}: the copy of the VHD footer at byte 0 is missing; the footer at byte ${found.offset} is used`)
  return openDynamic(source, found.bytes, footer, warn)
}
