import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { lowerPriority } from '../../host/low-priority.ts'
import { makeFolder } from '../../host/make-folder.ts'
import { sentenceOf } from '../../host/system-error.ts'
import { makeImage } from '../entries/image-cache.ts'
import { bestEffort } from '../process/best-effort.ts'
import { takeOver } from '../process/environment.ts'
import {
  type CacheEntry,
  type CacheTask,
  type EntryResult,
  filesOf,
  type Handover,
  type ProcessFiles,
  type Status,
} from '../process/task.ts'
import { fetchEntry, saveEntry } from './actions-cache.ts'
import { lacksZstd, reasonIn, withoutSecrets } from './toolkit-log.ts'

// The process in which the toolkit runs. The toolkit can't be interrupted, prints a lot, changes the working directory and the environment,
// and may throw where nothing catches it. All of that ends with this process. The result is in the status file.

const withoutZstd = "zstd is not installed on this runner, so entries that were saved with it can't be found; install zstd"

async function run(task: CacheTask): Promise<void> {
  const files = filesOf(task.statusFile)
  const { log, temp } = files
  const results: EntryResult[] = []
  const tell = (ended: boolean, failure = '') => writeStatus(files, { results, ended, failure })
  process.on('uncaughtException', (error) => {
    tell(true, sentenceOf(error))
    process.exit(1)
  })
  // The toolkit leaves temporary folders behind.
  makeFolder(temp)
  process.env.RUNNER_TEMP = temp
  // With RUNNER_DEBUG, the toolkit lists every archive, which decompresses it a second time.
  delete process.env.RUNNER_DEBUG
  // The user's steps come first.
  if (task.kind === 'save') lowerPriority()
  for (const entry of task.entries) {
    const start = Date.now()
    const read = textSince(log)
    const result = await bestEffort<Omit<EntryResult, 'milliseconds'>>(
      async () => {
        const outcome = await work(task.kind, entry, files, read)
        return { outcome, reason: reasonIn(read()) || (outcome === 'missing' && lacksZstd(read()) ? withoutZstd : '') }
      },
      (reason) => ({ outcome: task.kind === 'save' ? 'refused' : 'missing', reason }),
    )
    results.push({ ...result, milliseconds: Date.now() - start })
    tell(false)
  }
  // What was restored is there as well.
  if (task.kind === 'save') rmSync(temp, { recursive: true, force: true })
  tell(true)
  // The toolkit's open connections would keep the process alive for a while.
  process.exit(0)
}

/** Later steps can read the log file, so the secrets that the toolkit asks the runner to mask don't get there. */
function hideSecrets(): void {
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream)
    stream.write = (text: Uint8Array | string) => write(withoutSecrets(String(text)))
  }
}

async function work(kind: CacheTask['kind'], entry: CacheEntry, files: ProcessFiles, read: () => string): Promise<EntryResult['outcome']> {
  const { key, dir, image } = entry
  if (kind === 'save') return saveEntry(key, dir, files.temp, read, image && (() => makeImage(entry, image)))
  return (await fetchEntry(key, dir, files)) ? 'restored' : 'missing'
}

/** Returns a function that reads what has been written to the log since. Standard output goes to the log, unbuffered. */
function textSince(log: string): () => string {
  const start = readFileSync(log).length
  return () => readFileSync(log).subarray(start).toString()
}

function writeStatus({ status: path, statusPart: part }: ProcessFiles, status: Status): void {
  const fd = openSync(part, 'w')
  writeSync(fd, JSON.stringify(status))
  fsyncSync(fd)
  closeSync(fd)
  renameSync(part, path)
}

const { task, environment } = JSON.parse(readFileSync(0, 'utf8')) as Handover
takeOver(environment)
hideSecrets()
void run(task)
