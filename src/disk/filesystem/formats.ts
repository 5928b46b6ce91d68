import type { Warn } from '../../bytes/errors.ts'
import type { Source } from '../../bytes/source.ts'
import { ext } from './ext/index.ts'
import type { FileSystem, FileSystemFormat } from './format.ts'
import { iso9660 } from './iso9660/index.ts'
import { xfs } from './xfs/index.ts'

/** The supported formats. The first one that recognizes a volume opens it. */
export const fileSystemFormats: readonly FileSystemFormat[] = [iso9660, ext, xfs]

/**
 * Opens the filesystem in a volume. Returns undefined if it isn't a supported one.
 * @throws DiskError if it is damaged
 */
export function openFileSystem(source: Source, warn: Warn): FileSystem | undefined {
  return fileSystemFormats.find((format) => format.detect(source))?.open(source, warn)
}
