/** A valid input, and how to damage it. */
export interface Seed {
  /** For the log, e.g. `ext4 without checksums`. */
  readonly name: string
  readonly bytes: Buffer
  /** Where the metadata is. Only this is changed. */
  readonly ranges: readonly Range[]
  /** `words` changes text, word by word; `fields` changes numbers of 1 to 8 bytes. */
  readonly style?: 'fields' | 'words'
  /** Makes the checksums of a damaged copy valid again, so that readers get past them. It must accept any damage. */
  readonly repair?: (mutant: Buffer) => void
  /** The format's own tools, as a second opinion on damaged copies. */
  readonly checker?: Checker
}

/** Bytes `from` to `to`, without `to`. */
export type Range = readonly [from: number, to: number]

export interface Checker {
  /** Whether the format's own checker finds no fault in the file. */
  isClean(path: string): boolean
  /** The tree in it, according to the kernel or to the format's own tools, sorted by path; undefined if they can't read it either. */
  list(path: string): Promise<readonly Readonly<Record<string, unknown>>[] | undefined>
}

/** A format to fuzz. */
export interface Target {
  readonly name: string
  /**
   * Makes the seeds, with the format's own tools. The same tools give the same bytes.
   * @param dir an empty folder
   */
  seeds(dir: string): Promise<readonly Seed[]>
}
