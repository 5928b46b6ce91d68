// Runs the action, and draws its summary and its log. Arguments: the ISO, and the folder with the renderers (see script/pictures).
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { startCacheService } from '../../../__tests__/support/cache-service.ts'
import { makeRunner } from '../../../__tests__/support/runner.ts'
import { logPicture } from './log.mjs'
import { photograph } from './photograph.mjs'
import { summaryPage } from './summary.mjs'

const [iso, tools] = process.argv.slice(2).map((path) => resolve(path))
const images = resolve('docs/images')
const dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-pictures-'))
const service = await startCacheService()
try {
  mkdirSync(images, { recursive: true })
  const { runner, log } = await run()
  writeFileSync(join(images, 'log.svg'), logPicture(log.replaceAll(runner.workspace, '/home/runner/work/driver/driver')))
  for (const theme of ['light', 'dark']) {
    const page = join(dir, `${theme}.html`)
    writeFileSync(page, summaryPage(await runner.summary(), theme, tools))
    photograph(page, join(images, `summary-${theme}.png`))
  }
} finally {
  await service.close()
  rmSync(dir, { recursive: true, force: true })
}

/** A job on a machine that has nothing yet, with a cache service that has nothing either. */
async function run() {
  symlinkSync(resolve('matchers'), join(dir, 'matchers'))
  const runner = makeRunner(dir, resolve('src/main.ts'), { ...service.env.v2, GITHUB_ACTION: 'ddk' })
  const file = join(runner.workspace, 'XenServer-6.5.0-DDK.iso')
  try {
    linkSync(iso, file)
  } catch {
    symlinkSync(iso, file)
  }
  const { code, stdout, stderr } = await runner.main({ iso: file, engine: 'docker', 'xenserver-version': '6.5' })
  // Waits until everything is saved, and removes the shell's container.
  await runner.post()
  if (code !== 0) throw new Error(`the action failed: ${stdout}${stderr}`)
  return { runner, log: stdout }
}
