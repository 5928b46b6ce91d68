import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Skip } from './reasons.ts'
import { run, sh, until } from './tools.ts'

// Debian's docker-registry: the CNCF's "distribution", which most registries are made of.

/** Some distributions have another program of that name, which has no `serve`. */
export const noRegistry: Skip | undefined =
  spawnSync('docker-registry', ['--version'], { encoding: 'utf8' }).status === 0 ? undefined : { reason: 'no-registry' }

export interface RegistryOptions {
  /** Who may do anything. Nobody has to log in without it. */
  readonly login?: { readonly username: string; readonly password: string }
  /** A server that gives tokens, and the certificate of its key. */
  readonly tokens?: { readonly realm: string; readonly service: string; readonly issuer: string; readonly certificate: string }
  /** Speaks https, with a certificate for `localhost`. */
  readonly tls?: boolean
}

export interface TestRegistry {
  /** Host and port, e.g. `127.0.0.1:41234`. */
  readonly host: string
  readonly port: number
  /** With TLS: the file of the certificate to trust. */
  readonly certificate: string
  /** Folder of its data. */
  readonly data: string
  /** All that it has logged. */
  log(): string
  /** Folder of a blob's data. */
  blobFolder(digest: string): string
  stop(): Promise<void>
}

/** Starts a registry of this test's own on a free port of loopback. */
export async function startRegistry({ login, tokens, tls = false }: RegistryOptions = {}): Promise<TestRegistry> {
  const dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-registry-'))
  const data = join(dir, 'data')
  mkdirSync(data)
  const certificate = join(dir, 'certificate.pem')
  if (tls) makeCertificate(dir, 'certificate.pem')
  if (login) writeFileSync(join(dir, 'htpasswd'), `${login.username}:${bcrypt(login.password)}\n`)
  const config = {
    version: 0.1,
    log: { level: 'info', accesslog: { disabled: false } },
    storage: { filesystem: { rootdirectory: data }, delete: { enabled: true } },
    http: { addr: '127.0.0.1:0', secret: 'secret', ...(tls && { tls: { certificate, key: join(dir, 'key.pem') } }) },
    ...((login || tokens) && {
      auth: login
        ? { htpasswd: { realm: 'test', path: join(dir, 'htpasswd') } }
        : { token: { realm: tokens!.realm, service: tokens!.service, issuer: tokens!.issuer, rootcertbundle: tokens!.certificate } },
    }),
  }
  // JSON is YAML.
  writeFileSync(join(dir, 'config.yml'), JSON.stringify(config))
  const child = spawn('docker-registry', ['serve', join(dir, 'config.yml')], { stdio: ['ignore', 'pipe', 'pipe'] })
  const log = collectLog(child)
  await until(() => /listening on 127\.0\.0\.1:\d+/.test(log()) || child.exitCode !== null)
  const port = Number(/listening on 127\.0\.0\.1:(\d+)/.exec(log())?.[1])
  if (child.exitCode !== null || !port) throw new Error(`docker-registry didn't start: ${log()}`)
  return {
    host: `${tls ? 'localhost' : '127.0.0.1'}:${port}`,
    port,
    certificate,
    data,
    log,
    blobFolder: (digest) => {
      const hex = digest.replace('sha256:', '')
      return join(data, 'docker/registry/v2/blobs/sha256', hex.slice(0, 2), hex)
    },
    async stop() {
      if (child.exitCode === null) {
        const ended = new Promise((resolve) => child.once('close', resolve))
        child.kill('SIGKILL')
        await ended
      }
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

function collectLog(child: ChildProcess): () => string {
  let log = ''
  for (const pipe of [child.stdout!, child.stderr!]) {
    pipe.on('data', (text) => {
      log += text
    })
  }
  return () => log
}

/** Makes `key.pem` and a certificate for this machine, signed by itself. */
export function makeCertificate(dir: string, name: string): void {
  const subject = '-subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1'
  sh(`openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout key.pem -out ${name} ${subject} 2>/dev/null`, { cwd: dir })
}

/** The registry accepts no other hash. */
function bcrypt(password: string): string {
  return run('perl', ['-e', 'print crypt($ARGV[0], q($2b$05$abcdefghijklmnopqrstuu))', password])
}
