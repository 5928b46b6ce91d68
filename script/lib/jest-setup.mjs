// Before all tests: where those put their engines that start some.
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export default () => {
  process.env.DDK_TEST_ENGINES ??= mkdtempSync(join(tmpdir(), 'ddk-test-engines-'))
}
