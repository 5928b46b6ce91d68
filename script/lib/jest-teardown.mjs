// Runs after all tests: a test file that threw before its first test couldn't stop its engines.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

export default () => {
  execFileSync(join(import.meta.dirname, 'remove-engines.sh'), [process.env.DDK_TEST_ENGINES], { stdio: ['ignore', 2, 2] })
}
