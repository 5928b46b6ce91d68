/** CRC-16 with the reflected polynomial 0xa001, which protects group descriptors with `uninit_bg`. The initial seed is 0xffff. */
export function crc16(seed: number, bytes: Uint8Array): number {
  let crc = seed
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xa001 : 0)
  }
  return crc
}
