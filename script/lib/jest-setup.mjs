// Runs before all tests: makes the folder for the engines that tests start.
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export default () => {
  process.env.DDK_TEST_ENGINES ??= mkdtempSync(join(tmpdir(), 'ddk-test-engines-'))
}
