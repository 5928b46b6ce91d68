/**
 * Frees the memory of a buffer that nothing uses any more, at once. The garbage collector lets tens of megabytes of them accumulate. Memory that
 * is reused also costs no page faults. Does nothing to the memory that small buffers share.
 */
export function free(buffer: ArrayBufferLike): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength > Buffer.poolSize) buffer.transfer(0)
}
