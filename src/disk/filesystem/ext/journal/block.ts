/** The first four bytes of every block that the journal keeps for itself (JBD2_MAGIC_NUMBER). */
export const journalMagic = 0xc03b3998

/** `h_blocktype` (Linux Documentation/filesystems/ext4/journal.rst, "Block Header"). */
export const blockType = { descriptor: 1, commit: 2, superblockV1: 3, superblockV2: 4, revoke: 5 }

/** Bytes before a journal block's own fields: magic, type, sequence. */
export const headerSize = 12

/** Bytes of the checksum at the end of descriptor and revoke blocks, if checksums are of kind v2 or v3. */
export const tailSize = 4
