// Runs test files in an order that depends only on jest's seed, as `--randomize` does with the tests in a file.
import { createHash } from 'node:crypto'
import { relative } from 'node:path'
import Sequencer from '@jest/test-sequencer'

export default class ShuffleSequencer extends Sequencer {
  #seed
  #root

  constructor(options) {
    super(options)
    this.#seed = options.globalConfig.seed
    this.#root = options.globalConfig.rootDir
  }

  sort(tests) {
    const place = ({ path }) =>
      createHash('sha256')
        .update(`${this.#seed} ${relative(this.#root, path)}`)
        .digest('hex')
    return [...tests].sort((a, b) => (place(a) < place(b) ? -1 : 1))
  }
}
