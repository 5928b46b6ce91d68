import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { engineCommand } from '../../src/engine/command.ts'
import type { LoadProgress } from '../../src/engine/engine.ts'
import { dockerLoad, load } from '../../src/engine/load.ts'
import { withTempDir } from '../support/tools.ts'

test('tells how far the engine has read', async () => {
  await withTempDir(async (dir) => {
    const archive = join(dir, 'archive.tar')
    writeFileSync(archive, Buffer.alloc(3 << 20))
    // An engine that reads a third, thinks for a while, and reads the rest.
    const engine = join(dir, 'engine')
    writeFileSync(engine, '#!/bin/sh\nhead -c 1048576 >/dev/null; sleep 1.4; cat >/dev/null\n', { mode: 0o755 })
    const progress: LoadProgress[] = []
    await load(engineCommand(engine), dockerLoad, archive, (now) => progress.push(now))
    expect(progress.map(({ given }) => given)).toEqual([1 << 20, 3 << 20])
    expect(progress.every(({ size }) => size === 3 << 20)).toBe(true)
  })
})
