import * as http from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/** What a proxy does with a request instead of passing it on, or with its answer. */
export interface Mischief {
  /** Answers itself. */
  readonly answer?: { readonly status: number; readonly headers?: http.OutgoingHttpHeaders }
  /** Closes the connection after so many bytes of the request's body, of which the registry sees none. */
  readonly dropAfter?: number
  /** Passes the request on, and closes the connection instead of answering. */
  readonly loseAnswer?: boolean
  /** Closes the connection after so many bytes of the answer's body. */
  readonly cutAfter?: number
  /** Headers of the registry's answer that are replaced. */
  readonly replace?: http.OutgoingHttpHeaders
  /** Passes another path on. */
  readonly path?: string
  /** Is called before anything happens. */
  readonly before?: () => void
}

export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly headers: http.IncomingHttpHeaders
  /** Bytes of its body that came. */
  bytes: number
  /** Bytes of its answer's body. */
  answered: number
}

/** A proxy in front of a registry on this machine. The registry believes that the proxy's address is its own. */
export interface RegistryProxy {
  /** Host and port. */
  readonly host: string
  readonly seen: SeenRequest[]
  /** Connections that were made to it. */
  connections: number
  /** Decides about each request. */
  plan: (request: SeenRequest, count: number, socket: Socket) => Mischief | undefined
  /** Requests of a kind, e.g. `PATCH`, in order. */
  all(method: string, path?: RegExp): SeenRequest[]
  stop(): Promise<void>
}

export async function startRegistryProxy(port: number): Promise<RegistryProxy> {
  const seen: SeenRequest[] = []
  const server = http.createServer((request, response) => {
    const record: SeenRequest = { method: request.method!, path: request.url!, headers: request.headers, bytes: 0, answered: 0 }
    seen.push(record)
    const count = seen.filter(({ method }) => method === record.method).length
    const mischief = proxy.plan(record, count, request.socket) ?? {}
    mischief.before?.()
    const { answer, dropAfter, loseAnswer, cutAfter, replace, path = record.path } = mischief
    request.on('data', (bytes: Buffer) => {
      record.bytes += bytes.length
      if (dropAfter !== undefined && record.bytes >= dropAfter) request.socket.destroy()
    })
    request.on('error', () => {})
    if (dropAfter === 0) request.socket.destroy()
    if (dropAfter !== undefined) return
    if (answer) {
      request.on('end', () => response.writeHead(answer.status, answer.headers).end())
      request.resume()
      return
    }
    const onward = http.request({ host: '127.0.0.1', port, method: record.method, path, headers: request.headers }, (reply) => {
      if (loseAnswer) {
        reply.resume()
        request.socket.destroy()
        return
      }
      response.writeHead(reply.statusCode!, { ...reply.headers, ...replace })
      let sent = 0
      reply.on('data', (bytes: Buffer) => {
        sent += bytes.length
        record.answered += bytes.length
        response.write(cutAfter === undefined ? bytes : bytes.subarray(0, Math.max(0, bytes.length - (sent - cutAfter))))
        if (cutAfter !== undefined && sent >= cutAfter) setImmediate(() => request.socket.destroy())
      })
      reply.on('end', () => response.end())
    })
    onward.on('error', () => request.socket.destroy())
    request.on('aborted', () => onward.destroy())
    request.pipe(onward)
  })
  server.on('connection', () => proxy.connections++)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const proxy: RegistryProxy = {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    connections: 0,
    plan: () => undefined,
    all: (method, path = /./) => seen.filter((request) => request.method === method && path.test(request.path)),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return proxy
}
