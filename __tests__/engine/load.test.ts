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
    // An engine that reads a third, thinks until that has been told, and reads the rest.
    const engine = join(dir, 'engine')
    const told = join(dir, 'told')
    const script = `head -c 1048576 >/dev/null; until [ -e '${told}' ]; do sleep 0.05; done; cat >/dev/null`
    writeFileSync(engine, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
    const progress: LoadProgress[] = []
    await load(engineCommand(engine), dockerLoad, archive, (now) => {
      progress.push(now)
      if (now.given === 1 << 20) writeFileSync(told, '')
    })
    const given = progress.map(({ given }) => given)
    expect(given).toEqual(given.toSorted((a, b) => a! - b!))
    expect(given).toContain(1 << 20)
    expect(given.at(-1)).toBe(3 << 20)
    expect(progress.every(({ size }) => size === 3 << 20)).toBe(true)
  })
})
