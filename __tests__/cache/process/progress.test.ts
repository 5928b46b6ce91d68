import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { showTransfer } from '../../../src/cache/process/progress.ts'

/** What is shown of a log; without one, the process hasn't made it yet. */
function shown(log?: string): unknown[] {
  const dir = mkdtempSync(join(tmpdir(), 'ddk-progress-'))
  const all: unknown[] = []
  try {
    if (log !== undefined) writeFileSync(join(dir, 'status.log'), log)
    showTransfer('Restoring the image', join(dir, 'status'), (progress) => all.push(progress))
  } finally {
    rmSync(dir, { recursive: true })
  }
  return all
}

test.each(['Received', 'Sent'])('the latest that the toolkit has said is shown (%s)', (verb) => {
  const log = `::debug::x\n${verb} 1048576 of 4194304 (25.0%), 1.0 MBs/sec\n${verb} 2097152 of 4194304 (50.0%), 1.0 MBs/sec\nand so on\n`
  expect(shown(log)).toEqual([{ doing: 'Restoring the image', done: 2097152, total: 4194304 }])
})

test.each([undefined, '', '::debug::Received 1 of 2 (50.0%)\n', 'Received 1 of '])(
  'nothing is shown before it says something: %j',
  (log) => {
    expect(shown(log)).toEqual([])
  },
)
