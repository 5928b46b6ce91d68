import { expect, test } from '@jest/globals'
import { HttpFailure } from '../../../src/http/failure.ts'
import { parseRepository } from '../../../src/registry/repository.ts'
import { type RegistryUse, registryError } from '../../../src/supply/registry/registry-use.ts'

test.each([
  ['certificate', 'certificate'],
  ['unreachable', 'registry'],
  ['denied', 'registry'],
] as const)("a registry's failure of the kind %s is explained as one of the kind %s", (kind, explained) => {
  const use = { client: { repository: parseRepository('localhost:5000/acme/ddk') } } as RegistryUse
  expect(registryError(use, new HttpFailure('it fails', { kind }))).toMatchObject({
    kind: explained,
    message: "localhost:5000/acme/ddk can't be used: it fails",
  })
})
