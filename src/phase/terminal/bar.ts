import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import type { ProgressState } from '../progress.ts'
import { barText } from './bar-text.ts'
import { Screen } from './screen.ts'

/** What the thread needs. */
export interface BarTask {
  readonly fd: number
  readonly shared: SharedArrayBuffer
  readonly states: MessagePort
  readonly coloured: boolean
}

/** What the thread draws. */
export interface BarState extends ProgressState {
  /** When it began, in milliseconds since 1970. */
  readonly since: number
  readonly columns: number
}

/** Milliseconds between two states of the same kind for the thread, which draws about as often. */
const interval = 50

/** Standard output or standard error, if it is a terminal. */
type Terminal = typeof process.stdout | typeof process.stderr

/** Whether a stream is a terminal that can redraw a line. */
export function canRedraw(stream: Terminal): boolean {
  return stream.isTTY && !['', 'dumb'].includes(process.env.TERM ?? '')
}

/**
 * A progress bar in the last line of a terminal. A thread of its own draws it, because reading an input blocks the thread that reads. Without
 * that thread, there is no bar.
 */
export class ProgressBar {
  readonly #terminal: Terminal
  readonly #screen: Screen
  #states: MessagePort | undefined
  #last: BarState | undefined
  /** When the thread got the last state. */
  #sent = 0

  constructor(terminal: Terminal) {
    this.#terminal = terminal
    this.#screen = new Screen(terminal.fd)
  }

  /** Shows the bar, or its next state. The time in it counts from the first state with the same `doing`. */
  show(next: ProgressState): void {
    const now = Date.now()
    const before = this.#last?.doing === next.doing ? this.#last : undefined
    if (before && now - this.#sent < interval) return
    this.#states ??= this.#start()
    const state: BarState = { ...next, since: before?.since ?? now, columns: this.#terminal.columns }
    this.#states.postMessage(state)
    this.#last = state
    this.#sent = now
    this.#screen.reveal()
    // The thread needs a while to start.
    if (!before) this.#screen.draw(barText(state, 0, state))
  }

  /** Lets `write` write whole lines. They appear above the bar. */
  interrupt(write: () => void): void {
    if (this.#last) this.#screen.interrupt(write)
    else write()
  }

  /** Erases the bar until the next state. */
  end(): void {
    if (!this.#last) return
    this.#screen.hide()
    this.#last = undefined
  }

  #start(): MessagePort {
    const { port1, port2 } = new MessageChannel()
    const task: BarTask = { fd: this.#terminal.fd, shared: this.#screen.shared, states: port2, coloured: this.#terminal.hasColors() }
    const worker = new Worker(threadScript, { workerData: task, transferList: [port2], resourceLimits: { maxYoungGenerationSizeMb: 1 } })
    worker.on('error', () => {})
    worker.unref()
    port1.unref()
    process.on('exit', () => this.end())
    return port1
  }
}

/** Beside this file, in the sources and in the bundle. */
const threadScript = new URL(import.meta.url.endsWith('.ts') ? './bar-thread.ts' : './bar-thread.cjs', import.meta.url)
