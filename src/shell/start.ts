import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CallOptions } from '../engine/command.ts'
import type { Engine, Image } from '../engine/engine.ts'
import type { PreparedShell } from './install.ts'

/**
 * Creates and starts a shell's container, so that a mistake in the options shows now, and not in the first step.
 * @returns the engine's reason if it failed; then there is no container
 * @throws the reason of the job's end
 */
export async function startContainer(engine: Engine, image: Image, prepared: PreparedShell): Promise<string | undefined> {
  const { shell, create, sources, hasRunOptions } = prepared
  const { name } = shell.container!
  const change: CallOptions = { deadline: 'change' }
  let isReady = false
  const created = await engine.call(['create', ...create], change)
  if (created.code !== 0) return created.lastWord || `to create it ended with exit code ${created.code}`
  try {
    const other = hasRunOptions ? await otherImage(engine, image, name) : undefined
    if (other !== undefined) {
      return `the container was made of another image (${other}): a word of the options was taken for an image's name`
    }
    // Before the start, which looks up the folders: a folder that is replaced in between then counts as changed, and not the other way
    // round.
    writeFileSync(join(shell.folder, 'mounted'), identities(sources))
    const started = await engine.call(['start', name], change)
    if (started.code !== 0) return started.lastWord || `to start it ended with exit code ${started.code}`
    // Its first program ends at once if it can't run, or can't see the shell's files.
    const tried = await engine.call(['exec', name, '/bin/sh', '-c', '[ -e "$1" ]', 'sh', join(shell.folder, 'settings')], change)
    isReady = tried.code === 0
    return isReady ? undefined : tried.lastWord || `a program in it ended with exit code ${tried.code}`
  } finally {
    if (!isReady) await engine.call(['rm', '--force', name], { ...change, evenIfCancelled: true })
  }
}

/** The image that a container was made of, if it is another one. */
async function otherImage(engine: Engine, image: Image, container: string): Promise<string | undefined> {
  const { code, stdout } = await engine.call(['container', 'inspect', '--format', '{{.Image}}', container])
  const id = stdout.trim()
  return code === 0 && !image.id.endsWith(id) ? id : undefined
}

/**
 * Device and inode of each folder, as `stat -Lc '%d:%i %n'` prints them, for ddk.sh to compare. Folders that this user can't access are left
 * out: the daemon may have access.
 */
function identities(folders: readonly string[]): string {
  return folders.map(identity).join('')
}

function identity(folder: string): string {
  try {
    const { dev, ino } = statSync(folder, { bigint: true })
    return `${dev}:${ino} ${folder}\n`
  } catch {
    return ''
  }
}
