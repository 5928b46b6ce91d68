import { once } from 'node:events'
import type { MessagePort } from 'node:worker_threads'
import type { Arrival } from '../bytes/arriving-file.ts'
import { DiskError, type DiskErrorKind, type Warn } from '../bytes/errors.ts'
import { resolve, walk } from '../disk/filesystem/tree.ts'
import { notADdkIso } from '../disk/input.ts'
import { type OpenRoot, openRoot } from '../disk/open.ts'
import { type Identity, identify } from '../disk/root/identity.ts'
import { notARoot } from '../disk/root/index.ts'
import { countPackages } from '../disk/root/rpm-database/index.ts'
import { findUserland } from '../disk/root/userland.ts'
import { sentenceOf } from '../host/system-error.ts'
import { imageTime } from './config/config.ts'
import type { UnameChoice } from './config/uname-choice.ts'
import { type BuildEnvironment, buildEnvironment } from './environment/environment.ts'
import { type TarSummary, tarPieces } from './tar/tar.ts'

/** The thread's task. */
export interface TarTask {
  /** Path of the ISO, or of any other input that contains a root filesystem. */
  readonly input: string
  /** Set if the input is a file that is still arriving. */
  readonly arrival?: Arrival | undefined
  /** An existing directory with room for the whole disk. */
  readonly tempDir: string
  readonly uname: UnameChoice
  /** As in LayerPolicy. */
  readonly maxZeroBytes?: number
}

/**
 * The thread's messages, in this order: any number of warnings, `found`, pieces, and `done` or `failed`. Warnings may also come later. A
 * note says what the layer doesn't have as the filesystem has it.
 */
export type TarMessage =
  | { readonly kind: 'warning' | 'note'; readonly text: string }
  | { readonly kind: 'found'; readonly found: Found; readonly environment?: BuildEnvironment }
  | { readonly kind: 'piece'; readonly piece: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'done'; readonly summary: TarSummary; readonly packages: number | undefined }
  | { readonly kind: 'failed'; readonly message: string; readonly stack: string; readonly errorKind?: DiskErrorKind }

/** What is known about a root filesystem before its content is read. */
export interface Found {
  readonly identity: Identity
  /** Where the filesystem is. */
  readonly place: string
  /** Its type, e.g. `ext3`. */
  readonly type: string
  /** Bytes in use, which is about the size of the tar. */
  readonly used: number
  /** When the ISO was made, else when the root's release file was written, in seconds since 1970. */
  readonly created: number
  /** The distribution that it is based on, for people, if that can be found out. */
  readonly userland?: string | undefined
}

/** Number of pieces in flight. The other thread returns the memory of each piece when it is done with it. */
const maxPieces = 6

/** Finds the root filesystem in `task.input`, and sends it as a tar in pieces. */
export async function sendTar(port: MessagePort, task: TarTask): Promise<void> {
  const post = (message: TarMessage, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer)
  const warn = (text: string) => post({ kind: 'warning', text })
  try {
    const root = await openRoot(task.input, { tempDir: task.tempDir, arrival: task.arrival, warn })
    try {
      const found = describe(root, task, warn)
      const addition = task.uname === 'ddk' && {
        environment: buildEnvironment(root.tree, found.identity, imageTime(found.created), warn),
      }
      post({ kind: 'found', found, ...addition })
      const memory = sharedMemory(port)
      const limits = task.maxZeroBytes !== undefined && { maxZeroBytes: task.maxZeroBytes }
      const note = (text: string) => post({ kind: 'note', text })
      const pieces = tarPieces(walk(root.tree), { warn: note, allocate: memory.take, filesystemSize: root.size, ...limits })
      let next = pieces.next()
      for (; !next.done; next = pieces.next()) {
        post({ kind: 'piece', piece: next.value }, [next.value.buffer])
        await memory.available()
      }
      // Now that the whole disk is there, nothing waits for it, and the last pieces are still being compressed.
      const packages = countPackages(root.tree)
      root.finish()
      post({ kind: 'done', summary: next.value, packages })
    } catch (error) {
      throw root.causeOf(error)
    } finally {
      root.close()
    }
  } catch (error) {
    const stack = (error as Error | undefined)?.stack ?? ''
    post({ kind: 'failed', message: sentenceOf(error), stack, ...(error instanceof DiskError && { errorKind: error.kind }) })
  }
  port.close()
}

function describe(root: OpenRoot, task: TarTask, warn: Warn): Found {
  if (!root.disk) throw notADdkIso(task.input, root.input.iso)
  const { tree, input, place, type, used, lacks, unreadable } = root
  if (lacks !== undefined) throw notARoot(place, lacks, unreadable)
  const created = input.iso?.iso.created?.seconds ?? releaseTime(root)
  return { identity: identify(tree, warn), place, type, used, created, userland: findUserland(tree) }
}

function releaseTime({ tree }: OpenRoot): number {
  const release = resolve(tree, '/etc/redhat-release') ?? resolve(tree, '/etc/os-release')
  return release?.mtime.seconds ?? 0
}

/** Memory for pieces, reused when the other thread returns it. */
function sharedMemory(port: MessagePort): { take(size: number): Uint8Array<ArrayBuffer>; available(): Promise<void> } {
  const free: ArrayBuffer[] = []
  let made = 0
  port.on('message', (buffer: ArrayBuffer) => free.push(buffer))
  return {
    take(size) {
      const buffer = free.pop()
      if (buffer) return new Uint8Array(buffer, 0, size)
      made++
      return new Uint8Array(size)
    },
    async available() {
      while (free.length === 0 && made >= maxPieces) await once(port, 'message')
    },
  }
}
