import type { Warn } from '../../bytes/errors.ts'
import type { Source } from '../../bytes/source.ts'
import { ext } from './ext/index.ts'
import type { FileSystem, FileSystemFormat } from './format.ts'
import { iso9660 } from './iso9660/index.ts'

/** What can be read; the first that knows its signature opens a volume. */
export const fileSystemFormats: readonly FileSystemFormat[] = [iso9660, ext]

/** Opens the filesystem in a volume; nothing if it holds none that can be read. @throws DiskError if it is damaged */
export function openFileSystem(source: Source, warn: Warn): FileSystem | undefined {
  return fileSystemFormats.find((format) => format.detect(source))?.open(source, warn)
}
