import { describe, expect, test } from '@jest/globals'
import { parseVersion, satisfies } from '../../src/catalog/version.ts'

describe('parseVersion', () => {
  test.each([
    ['6.5', { numbers: [6, 5] }],
    [' v7.0.0 ', { numbers: [7, 0, 0] }],
    ['6.5.0-90233c', { numbers: [6, 5, 0], build: '90233c' }],
    ['5.6.100-39265p', { numbers: [5, 6, 100], build: '39265p' }],
  ])('%s', (text, version) => expect(parseVersion(text)).toEqual(version))

  test.each(['', 'latest', '6.', '6.5.0-', '6.5.0.1.2', '99999.1'])('refuses "%s" and shows how to write it', (text) =>
    expect(() => parseVersion(text)).toThrow(/is not a XenServer version; write it as 6\.5/),
  )
})

describe('satisfies', () => {
  test.each([
    ['6.5', '6.5.0-90233c', true],
    ['6.5.0', '6.5.0-90233c', true],
    ['6.5.0-90233c', '6.5.0-90233c', true],
    ['6.5.0-90233c', '6.5.0-99999c', false],
    ['6.5.0-90233c', '6.5.0', false],
    ['6', '6.5.0', false],
    ['6.5.1', '6.5.0-90233c', false],
    ['7.0', '6.5.0-90233c', false],
  ])('asked for %s, found %s: %s', (asked, found, answer) => expect(satisfies(parseVersion(asked), parseVersion(found))).toBe(answer))
})
