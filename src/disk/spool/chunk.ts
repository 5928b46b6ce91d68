import type { Source } from '../../bytes/source.ts'

/** A file that holds a part of a disk. */
export interface Chunk {
  /** Path in the tree. */
  readonly name: string
  readonly source: Source
  readonly gzipped: boolean
}
