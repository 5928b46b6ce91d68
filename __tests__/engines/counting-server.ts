import { readFileSync } from 'node:fs'
import { sendFile, serve } from '../fetch/server.ts'

/** A server of ISOs that counts what it is asked for. */
export interface CountingServer {
  /** The address of an ISO. */
  urlOf(iso: string): string
  /** Since the last call. */
  counted(): Counts
  close(): Promise<void>
}

export interface Counts {
  readonly heads: number
  readonly gets: number
  /** That were sent, headers included. */
  readonly bytes: number
}

export async function countingServer(isos: readonly string[]): Promise<CountingServer> {
  const files = isos.map((path) => readFileSync(path))
  let [heads, gets, bytes] = [0, 0, 0]
  const server = await serve((request, response) => {
    const index = Number(/^\/(\d+)\//.exec(request.url!)?.[1])
    if (request.method === 'HEAD') heads++
    else gets++
    const { socket } = request
    const before = socket.bytesWritten
    response.once('close', () => {
      bytes += socket.bytesWritten - before
    })
    sendFile(request, response, files[index]!, { etag: `"${index}"` })
  })
  return {
    urlOf: (iso) => `${server.origin}/${isos.indexOf(iso)}/ddk.iso`,
    counted() {
      const counts = { heads, gets, bytes }
      heads = gets = bytes = 0
      return counts
    },
    close: server.close,
  }
}
