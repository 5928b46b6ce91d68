import * as http from 'node:http'
import * as https from 'node:https'
import { HttpFailure } from './failure.ts'

/**
 * An agent for the proxy in http_proxy, https_proxy and no_proxy, in lower or upper case. Node does the work, and sends plain http in
 * absolute form, because some proxies allow tunnels to port 443 only.
 * @param keepAlive whether connections are used again
 */
export function agentFor(url: URL, env: NodeJS.ProcessEnv = process.env, keepAlive = false): http.Agent {
  const proxyEnv = {
    http_proxy: proxyUrl(env, 'http_proxy'),
    https_proxy: proxyUrl(env, 'https_proxy'),
    no_proxy: withSubdomains(variable(env, 'no_proxy')),
  }
  return url.protocol === 'https:'
    ? new https.Agent({ proxyEnv, keepAlive, timeout: tunnelPatience })
    : new http.Agent({ proxyEnv, keepAlive })
}

/** Milliseconds until a proxy has to answer to CONNECT: its connection would keep the process alive. */
const tunnelPatience = 15_000

function variable(env: NodeJS.ProcessEnv, name: string): string {
  return (env[name] || env[name.toUpperCase()] || '').trim()
}

/** Node silently ignores a proxy without a scheme or with an unknown one, and would fetch the ISO without it. */
function proxyUrl(env: NodeJS.ProcessEnv, name: string): string {
  const text = variable(env, name)
  if (text === '') return ''
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`
  if (!/^https?:/i.test(url) || !URL.canParse(url)) {
    throw new HttpFailure(`the variable ${name} doesn't contain the address of an http or https proxy; write it as http://proxy:3128`)
  }
  return url
}

/** For curl and the runner, `example.com` includes its subdomains; for Node, only `.example.com` does. */
function withSubdomains(list: string): string {
  const hosts = list
    .split(/[\s,]+/)
    .map((host) => host.replace(/^\*?\./, ''))
    .filter((host) => host !== '')
  return hosts.flatMap((host) => (host === '*' || /^[\d.:[\]-]+$/.test(host) ? [host] : [host, `.${host}`])).join(',')
}
