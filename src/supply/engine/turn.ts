import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { sha256Of } from '../../bytes/digest.ts'
import type { Engine } from '../../engine/engine.ts'
import { identifyingUrl } from '../../fetch/http/address.ts'
import { type Claim, claimName, isClaimed, tryClaim } from '../../host/claim.ts'
import { sentenceOf } from '../../host/system-error.ts'
import { imageKey } from '../../image/key/key.ts'
import type { Phase } from '../../phase/phase.ts'
import type { KnownIso } from '../iso/known-iso.ts'
import type { Order } from '../order.ts'

/** Milliseconds that a job waits for others that make its image. Then it makes the image as well, which is safe, and only costs time. */
const usualPatience = 30 * 60_000

/**
 * The right to bring one image into one engine. Of the jobs on a machine that share a tool cache, one at a time has it; the others wait, and
 * find that job's image in the engine. A job that ends, however it ends, has it no more.
 */
export class Turn {
  readonly #path: string
  readonly #mine: string
  readonly #phase: Phase
  readonly #until: number
  #claim: Claim | undefined
  #hasWaited = false

  /** @param path of a folder that is renamed by who has the turn */
  constructor(path: string, phase: Phase, patience = usualPatience) {
    this.#path = path
    this.#mine = claimName(path)
    this.#phase = phase
    this.#until = Date.now() + patience
  }

  /** Whether this job may go on: it has the turn, or has waited long enough, or the tool cache can't hold any claim. */
  take(): boolean {
    try {
      this.#claim ??= tryClaim(this.#path, this.#mine)
      if (this.#claim) return true
    } catch (error) {
      this.#phase.say(`Other jobs on this machine may make the same image at the same time: ${sentenceOf(error)}`)
      return true
    }
    if (Date.now() < this.#until) return false
    this.#phase.say('The other job is still not done, so the image is made here as well')
    return true
  }

  /**
   * Waits until the job that has the turn has ended or gives it up, or the patience is over.
   * @throws the reason of the job's end
   */
  async wait(): Promise<void> {
    const { say, signal } = this.#phase
    if (!this.#hasWaited) say('Another job on this machine is making this image; waiting for it')
    this.#hasWaited = true
    do {
      // Not all at the same time.
      await sleep(250 + Math.random() * 500, undefined, { signal }).catch(() => signal.throwIfAborted())
    } while (isClaimed(this.#path, this.#mine) && Date.now() < this.#until)
  }

  release(): void {
    this.#claim?.release()
    this.#claim = undefined
  }
}

/** Gives the turn up when `use` ends, if this job has it then. */
export async function inTurn<T>(turn: Turn | undefined, use: (turn: Turn | undefined) => Promise<T>): Promise<T> {
  try {
    return await use(turn)
  } finally {
    turn?.release()
  }
}

/**
 * The turn for an image; undefined if no other job could use what this one makes: it wants an archive of its own, its ISO is a folder, or the
 * runner has no tool cache.
 */
export function turnFor({ identity, request }: KnownIso, engine: Engine | undefined, order: Order): Turn | undefined {
  const { RUNNER_TOOL_CACHE: toolCache } = process.env
  if (!engine || order.wantsArchive || !toolCache) return undefined
  const iso = identity ?? (request.kind === 'address' ? { sha256: sha256Of(identifyingUrl(request.address)) } : undefined)
  if (!iso) return undefined
  const key = imageKey(iso, { uname: order.uname })
  return new Turn(join(toolCache, 'xenserver-ddk-images', `${key}.${engine.name}.making`), order.phase)
}
