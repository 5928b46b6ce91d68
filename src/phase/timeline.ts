/** Something that a step spent time on. Times are in milliseconds since 1970. */
export interface Task {
  readonly title: string
  readonly start: number
  readonly end: number
}

/** When the tasks of a step began and ended. Tasks may overlap, and contain others. */
export class Timeline {
  readonly #tasks: Task[] = []

  /** The finished tasks, in the order of their beginnings. */
  get tasks(): readonly Task[] {
    return this.#tasks.toSorted((a, b) => a.start - b.start || b.end - a.end)
  }

  /** Runs a task. One that fails isn't recorded. */
  async measure<T>(title: string, use: () => Promise<T>): Promise<T> {
    const start = Date.now()
    const value = await use()
    this.#tasks.push({ title, start, end: Date.now() })
    return value
  }
}
