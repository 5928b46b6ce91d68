/** Numbers that break readers: bounds of the usual widths, and neighbours. */
const interesting = [0, 1, 2, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff]

export interface MutationPlan {
  readonly seed: number
  readonly count: number
  /** Where the fields are that matter; bytes from and to. */
  readonly ranges: readonly (readonly [number, number])[]
}

/** Copies of `original` with 1 to 8 fields changed, the same ones for the same seed. */
export function* mutants(original: Buffer, { seed, count, ranges }: MutationPlan): Generator<Buffer> {
  const random = randomNumbers(seed)
  for (let index = 0; index < count; index++) {
    const mutant = Buffer.from(original)
    for (let changes = 1 + random(8); changes > 0; changes--) {
      const [from, to] = ranges[random(ranges.length)]!
      const width = [1, 2, 4][random(3)]!
      const at = from + random(to - from - width + 1)
      const value = random(3) === 0 ? random(2 ** 32) : interesting[random(interesting.length)]!
      if (random(2) === 0) mutant.writeUIntBE(value % 2 ** (8 * width), at, width)
      else mutant.writeUIntLE(value % 2 ** (8 * width), at, width)
    }
    yield mutant
  }
}

/** Whole numbers below a bound, from a linear congruential generator (Numerical Recipes). */
export function randomNumbers(seed: number): (bound: number) => number {
  let state = seed >>> 0
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * bound)
  }
}
