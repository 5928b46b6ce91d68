/** A name in a directory, and the number of the inode that it is for. */
export interface DirectoryRecord {
  readonly name: Buffer
  readonly inode: number
}
