import { createHash } from 'node:crypto'
import * as http from 'node:http'
import type { AddressInfo } from 'node:net'

/** A web server of this process, on loopback, that does what a test wants. */
export interface Server {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string
  readonly requests: http.IncomingMessage[]
  close(): Promise<void>
}

export type Handler = (request: http.IncomingMessage, response: http.ServerResponse) => void

export async function serve(handler: Handler): Promise<Server> {
  const requests: http.IncomingMessage[] = []
  const server = http.createServer((request, response) => {
    requests.push(request)
    handler(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Serves for as long as `use` takes. */
export async function withServer<T>(handler: Handler, use: (server: Server) => Promise<T>): Promise<T> {
  const server = await serve(handler)
  try {
    return await use(server)
  } finally {
    await server.close()
  }
}

/** Begins an answer, and never ends it. `closed` is fulfilled once its connection is closed. */
export function unending(status: number, headers: http.OutgoingHttpHeaders = {}): { handler: Handler; closed: Promise<void> } {
  const { promise: closed, resolve } = Promise.withResolvers<void>()
  const handler: Handler = (_, response) => {
    response.on('close', resolve)
    response.writeHead(status, headers).write('a beginning')
  }
  return { handler, closed }
}

/** `size` bytes that look random, and are the same for the same seed. */
export function noise(size: number, seed = 'noise'): Buffer {
  const blocks: Buffer[] = []
  for (let n = 0; n * 64 < size; n++) blocks.push(createHash('sha512').update(`${seed} ${n}`).digest())
  return Buffer.concat(blocks).subarray(0, size)
}

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** What is sent of a file, other than a sound server would. */
export interface Habits {
  readonly etag?: string
  readonly lastModified?: string
  /** Knows no ranges. */
  readonly whole?: boolean
  /** Sends a range whatever If-Range says. */
  readonly ignoresIfRange?: boolean
  /** Closes the connection after so many bytes of the body. */
  readonly dropAfter?: number
  /** Sends so many bytes of the body and then nothing more. */
  readonly stallAfter?: number
  readonly headers?: http.OutgoingHttpHeaders
}

/** Answers as a web server does that has `bytes` as a file. */
export function sendFile(request: http.IncomingMessage, response: http.ServerResponse, bytes: Buffer, habits: Habits = {}): void {
  const { etag, lastModified } = habits
  const asked = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
  const condition = request.headers['if-range']
  const current = habits.ignoresIfRange || condition === undefined || condition === etag || condition === lastModified
  const ranged = asked !== null && !habits.whole && current
  const start = ranged ? Number(asked[1]) : 0
  const end = ranged && asked[2] !== '' ? Number(asked[2]) + 1 : bytes.length
  if (ranged && start >= bytes.length) {
    response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end()
    return
  }
  response.writeHead(ranged ? 206 : 200, {
    ...(etag && { etag }),
    ...(lastModified && { 'last-modified': lastModified }),
    ...(!habits.whole && { 'accept-ranges': 'bytes' }),
    ...(ranged && { 'content-range': `bytes ${start}-${end - 1}/${bytes.length}` }),
    'content-length': end - start,
    ...habits.headers,
  })
  if (request.method === 'HEAD') {
    response.end()
    return
  }
  const body = bytes.subarray(start, end)
  const { dropAfter, stallAfter } = habits
  if (dropAfter !== undefined && dropAfter < body.length) response.write(body.subarray(0, dropAfter), () => response.socket?.destroySoon())
  else if (stallAfter !== undefined && stallAfter < body.length) response.write(body.subarray(0, stallAfter))
  else response.end(body)
}
