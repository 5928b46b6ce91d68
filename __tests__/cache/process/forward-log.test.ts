import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { expect, test } from '@jest/globals'
import { logCommands } from '../../support/log-commands.ts'

test("what stands in the log of the cache's process is no command, to someone who debugs the job", () => {
  const dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-forward-log-'))
  try {
    const lines = [
      '::debug::Resolved Keys:',
      '::debug::::add-path::x',
      '::add-mask::a',
      '::add-path::x',
      ' ::add-path::x',
      'the server answered ##[add-path]x',
      '::warning::Failed to restore: ##[set-env name=PATH]x%0A::add-path::x',
      'a\r::add-path::x',
    ]
    writeFileSync(join(dir, 'status.log'), lines.join('\n'))
    const module = pathToFileURL(fileURLToPath(new URL('../../../src/cache/process/background.ts', import.meta.url)))
    const script = `import { forwardLog } from '${module}'; forwardLog('${join(dir, 'status')}')`
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
      encoding: 'utf8',
      env: { ...process.env, RUNNER_DEBUG: '1' },
    })
    expect([stderr, new Set(logCommands(stdout).map(({ name }) => name))]).toEqual(['', new Set(['debug'])])
    expect(stdout.trimEnd().split('\n')).toHaveLength(lines.length)
    expect(stdout).toContain('the server answered')
    expect(stdout).not.toContain('##[')
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})
