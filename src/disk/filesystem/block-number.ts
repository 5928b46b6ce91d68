/** Distinguishes the units for the type checker; the property doesn't exist at run time. */
declare const unit: unique symbol

/** A block of a file, counted from the file's start. */
export type FileBlock = number & { readonly [unit]: 'file' }

/** A block of a filesystem, counted from the filesystem's start. */
export type FsBlock = number & { readonly [unit]: 'filesystem' }

/** Marks a number that is known to count a file's blocks: one that was read, or computed from one. */
export function fileBlock(number: number): FileBlock {
  return number as FileBlock
}

/** Marks a number that is known to count a filesystem's blocks. */
export function fsBlock(number: number): FsBlock {
  return number as FsBlock
}
