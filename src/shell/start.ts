import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CallOptions } from '../engine/command.ts'
import type { Engine, Image } from '../engine/engine.ts'
import type { PreparedShell } from './install.ts'

const change: CallOptions = { deadline: 'change' }

/**
 * Creates and starts a shell's container, so that a mistake in the options shows now, and not in the first step.
 * @returns the engine's reason if it failed; then there is no container
 * @throws the reason of the job's end
 */
export async function startContainer(engine: Engine, image: Image, prepared: PreparedShell): Promise<string | undefined> {
  const { shell, sources } = prepared
  const { name } = shell.container!
  let isReady = false
  try {
    // Before the start, which looks up the folders: a folder that is replaced in between then counts as changed, and not the other way
    // round.
    writeFileSync(join(shell.folder, 'mounted'), identities(sources))
    const failure = await start(engine, image, prepared)
    if (failure !== undefined) return failure
    // Its first program ends at once if it can't run, or can't see the shell's files.
    const tried = await engine.call(['exec', name, '/bin/sh', '-c', '[ -e "$1" ]', 'sh', join(shell.folder, 'settings')], change)
    isReady = tried.code === 0
    return isReady ? undefined : tried.lastWord || `a program in it ended with exit code ${tried.code}`
  } finally {
    if (!isReady) await removeContainer(engine, name)
  }
}

/** @returns the engine's reason if it failed */
async function start(engine: Engine, image: Image, prepared: PreparedShell): Promise<string | undefined> {
  const { create, shell, hasRunOptions } = prepared
  // A word of the user's options may name another image, which must not start.
  if (hasRunOptions) return startInSteps(engine, image, prepared)
  // Each call takes Podman a while.
  const started = await engine.call(['run', '--detach', ...create], change)
  if (started.code === 0) return undefined
  if (started.timedOut) return started.lastWord
  // Docker's `run` ends with a hint instead of the reason.
  await removeContainer(engine, shell.container!.name)
  return startInSteps(engine, image, prepared)
}

/** As `start`, so that each step has its own reason. */
async function startInSteps(engine: Engine, image: Image, { create, shell, hasRunOptions }: PreparedShell): Promise<string | undefined> {
  const { name } = shell.container!
  const created = await engine.call(['create', ...create], change)
  if (created.code !== 0) return created.lastWord || `to create it ended with exit code ${created.code}`
  const other = hasRunOptions ? await otherImage(engine, image, name) : undefined
  if (other !== undefined) {
    return `the container was made of another image (${other}): a word of the options was taken for an image's name`
  }
  const started = await engine.call(['start', name], change)
  return started.code === 0 ? undefined : started.lastWord || `to start it ended with exit code ${started.code}`
}

async function removeContainer(engine: Engine, name: string): Promise<void> {
  await engine.call(['rm', '--force', name], { ...change, evenIfCancelled: true })
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
