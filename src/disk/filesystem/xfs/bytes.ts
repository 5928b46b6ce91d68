/** A big-endian number of 64 bits. Above 2^53 it is rounded, which is always outside the bounds that it is then compared with. */
export function u64(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4)
}
