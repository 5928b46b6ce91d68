/** An extended attribute in its stored form. */
export interface Attribute {
  /** Bits that determine the namespace, and what isn't an attribute for users. */
  readonly flags: number
  readonly name: Buffer
  readonly valueSize: number
  /** The value; or, if it is too long for its block, where it begins, as a block of the fork. */
  readonly value: Buffer | RemoteValue
}

export interface RemoteValue {
  readonly forkBlock: number
}

/** Bits of `flags`. Without `trusted` and `secure`, it is an attribute of the namespace `user`. */
export const attributeFlags = { local: 0x1, trusted: 0x2, secure: 0x4, parent: 0x8, incomplete: 0x80 } as const
