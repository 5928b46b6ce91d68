import { randomNumbers } from '../support/mutants.ts'
import type { Range, Seed } from './seed.ts'

type Random = (bound: number) => number

/** Numbers that break readers: bounds of the usual widths, and neighbours. */
const interesting = [0, 1, 2, 3, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff]

const interestingWords = [
  '',
  '0',
  '1',
  '-1',
  '4294967296',
  '99999999999999999999',
  '1e9',
  'NaN',
  '..',
  '../../../etc/passwd',
  '/',
  '"',
  '<',
  '>',
  '&lt;',
  '&x;',
  '<!--',
  ']]>',
  '{',
  '}',
  '[',
  ']',
  '#',
  '\n',
  '\0',
  '\u001b[31m',
  '\u{1f600}',
  'x'.repeat(5000),
]

/**
 * A damaged copy of the seed: 1 to 8 changes, and valid checksums in half of the copies. The same `random` numbers give the same copy.
 */
export function mutate(seed: Seed, random: Random): Buffer {
  const mutant = Buffer.from(seed.bytes)
  const change = seed.style === 'words' ? changeWords : changeField
  for (let changes = 1 + random(random(2) === 0 ? 2 : 8); changes > 0; changes--) {
    change(mutant, seed.ranges[random(seed.ranges.length)]!, seed.bytes, random)
  }
  if (random(2) === 0) seed.repair?.(mutant)
  return mutant
}

/** Random numbers that depend on both, so that any mutant can be made without those before it. */
export function numbersFor(seed: number, index: number): Random {
  const random = randomNumbers(seed ^ Math.imul(index + 1, 0x9e3779b1))
  // The first numbers of neighbouring states of such a generator resemble each other.
  for (let skip = 0; skip < 8; skip++) random(2)
  return random
}

function changeField(mutant: Buffer, [from, to]: Range, original: Buffer, random: Random): void {
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

/** Replaces, repeats, moves or removes words. The text keeps its length: what becomes too long loses its end, the rest is spaces. */
function changeWords(mutant: Buffer, [from, to]: Range, _original: Buffer, random: Random): void {
  const words = mutant.toString('latin1', from, to).match(/[\w.:-]+|\s+|[^\w\s]/g) ?? []
  const at = random(words.length)
  const length = 1 + random(12)
  switch (random(4)) {
    case 0:
      words[at] = interestingWords[random(interestingWords.length)]!
      break
    case 1:
      words.splice(at, length)
      break
    case 2:
      words.splice(at, 0, ...words.slice(at, at + length * (1 + random(20))))
      break
    default:
      words.splice(random(words.length), 0, ...words.splice(at, length))
  }
  const text = Buffer.from(words.join(''), 'latin1').subarray(0, to - from)
  mutant.fill(' ', from, to)
  text.copy(mutant, from)
}
