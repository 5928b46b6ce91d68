import * as http from 'node:http'
import * as net from 'node:net'

/** A proxy that forwards plain http in absolute form and tunnels the rest, and writes down what it was asked for. */
export interface TestProxy {
  readonly address: string
  readonly asked: string[]
  readonly credentials: (string | undefined)[]
  /** What it answers to CONNECT instead of a tunnel. */
  refusal: string | undefined
  close(): void
}

/** @param port of the only server on loopback that it knows, whatever host is asked for */
export async function startProxy(port: number): Promise<TestProxy> {
  const asked: string[] = []
  const credentials: (string | undefined)[] = []
  const server = http.createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    credentials.push(request.headers['proxy-authorization'])
    const { 'proxy-authorization': _, 'proxy-connection': __, ...headers } = request.headers
    const { pathname, search } = new URL(request.url!)
    http.get({ host: '127.0.0.1', port, path: `${pathname}${search}`, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(response)
    })
  })
  server.on('connect', (request, socket: net.Socket) => {
    asked.push(`CONNECT ${request.url}`)
    credentials.push(request.headers['proxy-authorization'])
    if (proxy.refusal) {
      socket.end(`HTTP/1.1 ${proxy.refusal}\r\n\r\n`)
      return
    }
    const onward = net.connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      socket.pipe(onward).pipe(socket)
    })
    for (const end of [socket, onward]) end.on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const proxy: TestProxy = {
    address: `127.0.0.1:${(server.address() as net.AddressInfo).port}`,
    asked,
    credentials,
    refusal: undefined,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
  return proxy
}
