const polynomial = 0x04c11db7

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ polynomial : crc << 1
  return crc
})

/** CRC-32 with the most significant bit first, as the kernel's crc32_be: seed and result are the raw register. */
export function crc32be(seed: number, bytes: Uint8Array): number {
  let crc = seed
  for (const byte of bytes) crc = (crc << 8) ^ table[(crc >>> 24) ^ byte]!
  return crc >>> 0
}
