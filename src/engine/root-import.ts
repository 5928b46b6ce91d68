import type { LayerImport, LayerStore } from './engine.ts'

/** Moves the lowest layer of an image into the engine while it is made, so that the archive that is loaded later needn't contain it. */
export class RootImport {
  readonly #store: LayerStore
  /** Identifies the imports of this step. */
  readonly mark: string
  #givenUp = false
  #done = false

  constructor(store: LayerStore, mark: string) {
    this.#store = store
    this.mark = mark
  }

  /** Starts an import; undefined once imports have been given up. */
  get sink(): (() => LayerImport) | undefined {
    return this.#givenUp ? undefined : () => this.#start()
  }

  /** Whether the engine has the layer. */
  get done(): boolean {
    return this.#done && !this.#givenUp
  }

  /** Later images of this step are loaded from whole archives. */
  giveUp(): void {
    this.#givenUp = true
  }

  /** Removes the nameless images that hold the layers. */
  async cleanUp(): Promise<void> {
    await this.#store.removeImports(this.mark)
  }

  #start(): LayerImport {
    this.#done = false
    const started = this.#store.import(this.mark)
    return {
      ...started,
      finish: async () => {
        const digest = await started.finish()
        this.#done = true
        return digest
      },
    }
  }
}
