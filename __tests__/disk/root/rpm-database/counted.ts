import { memorySource, type Source } from '../../../../src/bytes/source.ts'

/** A file in memory, and how many bytes of it have been read. */
export function counted(bytes: Buffer): { readonly source: Source; read(): number } {
  let read = 0
  const memory = memorySource(bytes, 'memory')
  const source: Source = {
    ...memory,
    read(into, offset) {
      read += into.length
      memory.read(into, offset)
    },
  }
  return { source, read: () => read }
}
