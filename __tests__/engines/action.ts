import { chmodSync, cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { repository } from '../bench/setting.ts'

const copy = mkdtempSync(join(tmpdir(), 'xenserver-ddk-action-'))
process.on('exit', () => rmSync(copy, { recursive: true, force: true }))
// Other users run it.
chmodSync(copy, 0o755)
for (const folder of ['dist', 'matchers']) cpSync(join(repository, folder), join(copy, folder), { recursive: true })

/** A program of the shipped action: of a copy, so that a build doesn't disturb jobs that are running. */
export function shipped(name: 'main.cjs' | 'cli.cjs'): string {
  return join(copy, 'dist', name)
}
