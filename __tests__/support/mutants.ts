/** Numbers that break readers: bounds of the usual widths, and neighbours. */
const interesting = [0, 1, 2, 3, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff]

/** From a byte up to, but not including, another. */
export type Range = readonly [from: number, to: number]

/** Returns a number from 0 up to, but not including, `bound`. */
export type Random = (bound: number) => number

export interface MutationPlan {
  readonly seed: number
  readonly count: number
  /** Where the fields are that matter. */
  readonly ranges: readonly Range[]
}

/** Copies of `original` with 1 to 8 fields changed, the same ones for the same seed. */
export function* mutants(original: Buffer, { seed, count, ranges }: MutationPlan): Generator<Buffer> {
  const random = randomNumbers(seed)
  for (let index = 0; index < count; index++) {
    const mutant = Buffer.from(original)
    for (let changes = 1 + random(8); changes > 0; changes--) changeField(mutant, ranges[random(ranges.length)]!, original, random)
    yield mutant
  }
}

/** Overwrites a field of 1, 2, 4 or 8 bytes in the range with a value that is likely to hurt. */
export function changeField(mutant: Buffer, [from, to]: Range, original: Buffer, random: Random): void {
  const width = Math.min([1, 2, 4, 8][random(4)]!, to - from)
  const used = Math.min(width, 6)
  const fields = Math.max(1, Math.floor((to - from) / width))
  let at = from + random(fields) * width
  // Most of a table is often empty, and never read.
  for (let tries = 0; tries < 20 && original[at] === 0; tries++) at = from + random(fields) * width
  const bigEndian = random(2) === 0
  const old = bigEndian ? mutant.readUIntBE(at, used) : mutant.readUIntLE(at, used)
  const limit = 2 ** (8 * used)
  const values = [
    interesting[random(interesting.length)]!,
    old + 1,
    old - 1,
    old * 2,
    old + limit / 2,
    limit - 1 - random(4),
    random(64),
    Math.floor(at / 512),
    Math.floor(at / 4096),
    random(2 ** 31),
    // The value of another field: a pointer that leads to the wrong place, or in a circle.
    original.readUIntBE(from + random(Math.max(1, to - from - used)), used),
  ]
  const value = ((values[random(values.length)]! % limit) + limit) % limit
  if (random(6) === 0) mutant[at] = mutant[at]! ^ (1 << random(8))
  else if (bigEndian) mutant.writeUIntBE(value, at, used)
  else mutant.writeUIntLE(value, at, used)
}

/** Whole numbers from a linear congruential generator (Numerical Recipes). */
export function randomNumbers(seed: number): Random {
  let state = seed >>> 0
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * bound)
  }
}
