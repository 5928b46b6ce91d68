import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Coverage, probeModule, readRecord, withProbes } from './probes.ts'

/** How a run of tests ended. */
export interface Outcome {
  readonly result: 'passed' | 'failed' | 'timed out'
  /** The first test that failed; empty if jest itself failed. */
  readonly failed: string
  readonly seconds: number
}

/** Milliseconds that a test may take, unless it has a limit of its own. */
const testTimeout = 60_000

/** A copy of the checkout, in which one file at a time may be changed. What runs in it leaves nothing behind: see `cleanUp`. */
export class Sandbox {
  readonly #repository: string
  readonly #home: string
  readonly #checkout: string
  /** Folder for temporary files and engines of the tests that run. */
  readonly #temp: string
  #child: ChildProcess | undefined

  constructor(repository: string) {
    this.#repository = repository
    this.#home = mkdtempSync(join(tmpdir(), 'ddk-mutants-'))
    this.#checkout = join(this.#home, 'checkout')
    this.#temp = join(this.#home, 'temp')
    // Some tests run programs of the checkout as another user.
    chmodSync(this.#home, 0o755)
    for (const file of filesOf(repository)) {
      mkdirSync(dirname(join(this.#checkout, file)), { recursive: true })
      copyFileSync(join(repository, file), join(this.#checkout, file))
    }
    symlinkSync(join(repository, 'node_modules'), join(this.#checkout, 'node_modules'))
  }

  read(file: string): string {
    return readFileSync(join(this.#checkout, file), 'utf8')
  }

  write(file: string, text: string): void {
    writeFileSync(join(this.#checkout, file), text)
  }

  /**
   * Runs test files up to the first test that fails.
   * @param limit in seconds
   */
  async test(files: readonly string[], limit: number): Promise<Outcome> {
    const start = performance.now()
    mkdirSync(this.#temp)
    const report = join(this.#home, 'report')
    const output = openSync(report, 'w')
    const jest = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js']
    const options = ['--bail', '--silent', '--runInBand', `--testTimeout=${testTimeout}`, `--cacheDirectory=${join(this.#home, 'cache')}`]
    const own = ['--env=./__tests__/mutants/jest-environment.ts', '--testSequencer=./__tests__/mutants/given-order.ts']
    // A process group of its own, so that jest and its workers can be ended together.
    const child = spawn(process.execPath, [...jest, ...options, ...own, '--runTestsByPath', ...files], {
      cwd: this.#checkout,
      // Jest's own start takes a third less time with its programs compiled.
      env: {
        ...process.env,
        NODE_COMPILE_CACHE: join(this.#home, 'compiled'),
        TMPDIR: this.#temp,
        DDK_TEST_ENGINES: join(this.#temp, 'engines'),
        FORCE_COLOR: '0',
      },
      stdio: ['ignore', 'ignore', output],
      detached: true,
    })
    closeSync(output)
    this.#child = child
    let late = false
    const timer = setTimeout(() => {
      late = true
      this.#end()
    }, limit * 1000)
    const code = await new Promise<number | null>((resolve) => child.once('exit', resolve))
    clearTimeout(timer)
    this.cleanUp()
    const result = late ? 'timed out' : code === 0 ? 'passed' : 'failed'
    return { result, failed: result === 'failed' ? firstFailure(report) : '', seconds: (performance.now() - start) / 1000 }
  }

  /** Runs a test file while all sources have probes. What ran is undefined if the test fails. */
  async testWithProbes(file: string, limit: number): Promise<Outcome & { readonly coverage: Coverage | undefined }> {
    const [record, module] = [join(this.#home, 'record'), join(this.#checkout, 'probe.mjs')]
    writeFileSync(record, '')
    // Some tests run programs of the checkout as another user.
    chmodSync(record, 0o666)
    writeFileSync(module, probeModule(record))
    const sources = globSync('src/**/*.ts', { cwd: this.#checkout }).map((source) => ({ source, text: this.read(source) }))
    try {
      for (const { source, text } of sources) this.write(source, withProbes(source, text, module))
      const outcome = await this.test([file], limit)
      return { ...outcome, coverage: outcome.result === 'passed' ? readRecord(readFileSync(record, 'utf8')) : undefined }
    } finally {
      for (const { source, text } of sources) this.write(source, text)
    }
  }

  /** Ends what the tests have started, and removes their engines, mounts and files. */
  cleanUp(): void {
    this.#end()
    this.#child = undefined
    if (!existsSync(this.#temp)) return
    const engines = join(this.#temp, 'engines')
    if (existsSync(engines)) spawnSync(join(this.#repository, 'script/lib/remove-engines.sh'), [engines], { stdio: 'ignore' })
    for (let attempt = 0; attempt < 50 && killAllOf(this.#temp); attempt++) spawnSync('sleep', ['0.1'])
    for (const place of mountsBelow(this.#temp)) spawnSync('umount', ['--lazy', place], { stdio: 'ignore' })
    rmSync(this.#temp, { recursive: true, force: true })
  }

  remove(): void {
    this.cleanUp()
    rmSync(this.#home, { recursive: true, force: true })
  }

  #end(): void {
    const pid = this.#child?.pid
    if (pid !== undefined) attempt(() => process.kill(-pid, 'SIGKILL'))
  }
}

/** The files of a checkout that git has, or would have. */
export function filesOf(repository: string): string[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: repository,
    encoding: 'utf8',
  })
  return listed.split('\0').filter((file) => file !== '' && existsSync(join(repository, file)))
}

/** What the report says first. */
function firstFailure(report: string): string {
  const text = readFileSync(report, 'utf8')
  const [, file = ''] = /^FAIL __tests__\/(\S+)/m.exec(text) ?? []
  const [, test = ''] = /^ +● (.*)$/m.exec(text) ?? []
  return [file, test].filter(Boolean).join(': ')
}

/**
 * Kills the processes that work in a folder: those in a session of their own outlive jest. Their arguments, environment or working directory
 * name it, because it is their folder for temporary files. Returns whether there were any.
 */
function killAllOf(folder: string): boolean {
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
  const ours = processes.filter((pid) => {
    const texts = [
      ...['cmdline', 'environ'].map((file) => attempt(() => readFileSync(`/proc/${pid}/${file}`, 'latin1'))),
      attempt(() => readlinkSync(`/proc/${pid}/cwd`)),
    ]
    return texts.some((text) => text?.includes(folder))
  })
  for (const pid of ours) attempt(() => process.kill(Number(pid), 'SIGKILL'))
  return ours.length > 0
}

/** The innermost first. */
function mountsBelow(folder: string): string[] {
  const places = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
  return places.filter((place) => place.startsWith(`${folder}/`)).reverse()
}

function attempt<T>(use: () => T): T | undefined {
  try {
    return use()
  } catch {
    return undefined
  }
}
