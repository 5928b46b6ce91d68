import { DiskError } from '../../../bytes/errors.ts'
import { memorySource, type Source } from '../../../bytes/source.ts'
import { inlineData } from './inline-data.ts'
import { type Inode, inodeFlags, inodePlace } from './inode/inode.ts'
import { mappedContent } from './mapping/mapped-content.ts'
import type { Volume } from './volume.ts'

/** A file's bytes, up to its size. @throws DiskError if they are encrypted */
export function fileContent(volume: Volume, inode: Inode): Source {
  checkNotEncrypted(volume, inode)
  if (!(inode.flags & inodeFlags.inlineData)) return mappedContent(volume, inode)
  return memorySource(Buffer.concat(inlineData(volume, inode)), inodePlace(volume, inode.number))
}

/** @throws DiskError if what the inode holds, or names, is encrypted */
export function checkNotEncrypted(volume: Volume, inode: Inode): void {
  if (inode.flags & inodeFlags.encrypt) {
    throw new DiskError(inodePlace(volume, inode.number), 'it is encrypted, and can be read only with its key')
  }
}
