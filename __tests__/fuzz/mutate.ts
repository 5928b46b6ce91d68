import { changeField, type Random, type Range, randomNumbers } from '../support/mutants.ts'
import type { Seed } from './seed.ts'

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
