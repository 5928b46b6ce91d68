import { type SpawnSyncOptions, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))

/** Real images that this project didn't write; they lie beside a checkout, not in it. */
export const corpus = join(here, '../../../shared/corpus')

/** Runs a program to its end and gives its standard output. @throws Error with its standard error, if it fails */
export function run(command: string, args: readonly string[], options: SpawnSyncOptions = {}): string {
  const result = spawnSync(command, args, { maxBuffer: 1 << 30, ...options })
  if (result.error) throw result.error
  if (result.status !== 0) {
    throw new Error(`${command} ${args.join(' ')} ended with ${result.status ?? result.signal}: ${result.stderr}${result.stdout}`)
  }
  return String(result.stdout)
}

/** Runs a line of shell. */
export function sh(script: string, options: SpawnSyncOptions = {}): string {
  return run('bash', ['-euo', 'pipefail', '-c', script], options)
}

/** The last line that says something. */
export function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)!
}

/** Waits until it is so, however busy the machine is. @throws Error after 100 seconds, since what takes that long never comes */
export async function until(isSo: () => boolean): Promise<void> {
  const given = performance.now() + 100_000
  while (!isSo()) {
    if (performance.now() > given) throw new Error(`it never came true that ${isSo}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** A directory that is gone when `use` ends. */
export async function withTempDir<T>(use: (dir: string) => T | Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-test-'))
  try {
    return await use(dir)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** Runs what follows as a user who owns nothing. */
export const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']

/** Mounts a filesystem image over a loop device for as long as `use` takes. Read-only unless `options` say otherwise. */
export async function withMount<T>(image: string, use: (dir: string) => T | Promise<T>, options = 'ro'): Promise<T> {
  return withTempDir(async (dir) => {
    const mounted = join(dir, 'mounted')
    mkdirSync(mounted)
    run('mount', ['-o', `loop,${options}`, image, mounted])
    try {
      return await use(mounted)
    } finally {
      unmount(mounted)
    }
  })
}

/** On a busy machine another process may have the mount open for a moment, e.g. an engine that looks through all of them. */
function unmount(dir: string): void {
  for (let attempt = 1; spawnSync('umount', [dir]).status !== 0; attempt++) {
    if (attempt === 100) return void run('umount', [dir])
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100)
  }
}

/** One line of `xenserver-ddk list`, or of the kernel's own walk. */
export interface Listed {
  readonly path: string
  readonly type: string
  readonly [field: string]: unknown
}

/** What the kernel says is below a directory, sorted by path. */
export function walkMounted(dir: string): Listed[] {
  return byPath(parseLines(run('python3', [join(here, 'walk.py'), dir])))
}

export function parseLines(jsonLines: string): Listed[] {
  return jsonLines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Listed)
}

export function byPath(entries: Iterable<Listed>): Listed[] {
  return [...entries].sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** Unpacks a file of the corpus (`ext/other/x.img.xz`) into `dir` and gives its path. */
export function fromCorpus(file: string, dir: string): string {
  const unpackers: Record<string, string> = { gz: 'gzip -dc', bz2: 'bzip2 -dc', xz: 'xz -dc', zst: 'zstd -dc' }
  const [, stem, suffix] = /([^/]+)\.(\w+)$/.exec(file)!
  const unpack = unpackers[suffix!]
  const target = join(dir, unpack ? stem! : `${stem}.${suffix}`)
  sh(`${unpack ?? 'cat'} "$1" > "$2"`.replace('$1', join(corpus, file)).replace('$2', target))
  return target
}

/** A text file of the corpus, such as a manifest. */
export function readCorpus(file: string): string {
  return readFileSync(join(corpus, file), 'utf8')
}
