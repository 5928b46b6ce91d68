/** The first four bytes of every block of the journal's own metadata (JBD2_MAGIC_NUMBER). */
export const journalMagic = 0xc03b3998

/** `h_blocktype` (Linux Documentation/filesystems/ext4/journal.rst, "Block Header"). */
export const blockType = { descriptor: 1, commit: 2, superblockV1: 3, superblockV2: 4, revoke: 5 }

/** Size of the block header: magic, type, sequence. */
export const headerSize = 12

/** Size of the checksum at the end of descriptor and revoke blocks, if checksums are v2 or v3. */
export const tailSize = 4
