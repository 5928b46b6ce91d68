import { expect, test } from '@jest/globals'
import { withoutSecrets } from '../../../src/cache/toolkit/toolkit-log.ts'

test('what is to be masked, and what signs an address, does not get into the log of the process', () => {
  const log = 'first\n::add-mask::hush\nGET https://account.example/cache/1?sig=hush&se=2 done\n::debug::"https://b.example/x?sig=hush"\n'
  expect(withoutSecrets(log)).toBe('first\nGET https://account.example/cache/1?*** done\n::debug::"https://b.example/x?***"\n')
})
