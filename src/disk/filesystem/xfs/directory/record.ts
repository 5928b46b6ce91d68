/** A name in a directory, and the number of its inode. */
export interface DirectoryRecord {
  readonly name: Buffer
  readonly inode: number
}
