import { DiskError } from '../../../bytes/errors.ts'
import { memorySource, type Source } from '../../../bytes/source.ts'
import { inlineData } from './inline-data.ts'
import { type Inode, inodePlace } from './inode/inode.ts'
import { inodeFlags } from './inode/layout.ts'
import { mappedContent } from './mapping/mapped-content.ts'
import type { ExtReader } from './reader.ts'

/**
 * A file's bytes, up to its size.
 * @throws DiskError if they are encrypted
 */
export function fileContent(reader: ExtReader, inode: Inode): Source {
  checkNotEncrypted(reader, inode)
  if (!(inode.flags & inodeFlags.inlineData)) return mappedContent(reader, inode)
  return memorySource(Buffer.concat(inlineData(reader, inode)), inodePlace(reader, inode.number))
}

/** @throws DiskError if the inode's content, or the names in it, are encrypted */
export function checkNotEncrypted(reader: ExtReader, inode: Inode): void {
  if (inode.flags & inodeFlags.encrypt) {
    throw new DiskError(inodePlace(reader, inode.number), "it is encrypted and can't be read without its key", 'encrypted')
  }
}
