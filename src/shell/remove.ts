import { rmdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { engineCommand, type Supervision } from '../engine/command.ts'
import { sentenceOf } from '../host/system-error.ts'
import { shellLabel } from './container.ts'

/** What is needed to remove a shell. It can be serialized as JSON. */
export interface InstalledShell {
  /** Unique for each installation. */
  readonly id: string
  readonly name: string
  /** Contains everything that was installed. */
  readonly folder: string
  /** Folder for PATH. */
  readonly bin: string
  /** Absent if there is none, because no step can run. */
  readonly container?: InstalledContainer
}

export interface InstalledContainer {
  /** The engine's command. */
  readonly engine: string
  readonly name: string
  /** Command that root runs in the container to give files to the runner's user; empty if none is needed. */
  readonly giveBack: readonly string[]
}

/**
 * Ends everything that still runs in a shell's container, and removes the container and all files of the shell. A problem is reported in
 * one line.
 * @throws only the reason of the signal in `supervision`
 */
export async function removeShell(
  shell: InstalledShell,
  say: (line: string) => void = () => {},
  supervision: Supervision = {},
): Promise<void> {
  if (shell.container) await removeContainer(shell, shell.container, say, supervision)
  try {
    // Unlike rmSync, it says why it fails, and where.
    await rm(shell.folder, { recursive: true, force: true })
  } catch (error) {
    say(sentenceOf(error))
  }
  try {
    // The folder of all shells, after the last one.
    rmdirSync(dirname(shell.folder))
  } catch {
    // There are others.
  }
}

async function removeContainer(
  { id, name }: InstalledShell,
  installed: InstalledContainer,
  say: (line: string) => void,
  supervision: Supervision,
): Promise<void> {
  const engine = engineCommand(installed.engine, supervision)
  const change = (...args: string[]) => engine.call(args, { deadline: 'change' })
  const filter = `label=${shellLabel}=${id}`
  const listed = await engine.call(['ps', '--all', '--quiet', '--filter', filter])
  if (listed.code !== 0) say(`${installed.engine} couldn't list the containers of ${name}: ${listed.lastWord}`)
  for (const container of listed.stdout.split('\n').filter((line) => line !== '')) {
    // A step that the runner killed couldn't do this itself.
    if (installed.giveBack.length > 0) await change('exec', '--user', '0:0', container, ...installed.giveBack)
    const removed = await change('rm', '--force', '--volumes', container)
    if (removed.code === 0) say(`Removed the container of ${name}`)
    else if (!/no such container|already in progress/i.test(removed.lastWord))
      say(`${installed.engine} couldn't remove the container of ${name}: ${removed.lastWord}`)
  }
}
