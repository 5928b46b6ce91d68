import { rmSync } from 'node:fs'
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
  readonly engine: string
  readonly container: string
  /** Command that gives files to the runner's user; empty if none is needed. */
  readonly giveBack: readonly string[]
}

/** Seconds. An engine that takes longer is of no use. */
const patience = 60

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
  const engine = engineCommand(shell.engine, supervision)
  const call = (...args: string[]) => engine.call(args, { deadline: patience })
  const filter = `label=${shellLabel}=${shell.id}`
  const listed = await call('ps', '--all', '--quiet', '--filter', filter)
  if (listed.code !== 0) say(`${shell.engine} couldn't list the containers of ${shell.name}: ${listed.lastWord}`)
  for (const container of listed.stdout.split('\n').filter((line) => line !== '')) {
    // A step that the runner killed couldn't do this itself.
    if (shell.giveBack.length > 0) await call('exec', container, ...shell.giveBack)
    const removed = await call('rm', '--force', '--volumes', container)
    if (removed.code === 0) say(`Removed the container of ${shell.name}`)
    else if (!/no such container|already in progress/i.test(removed.lastWord))
      say(`${shell.engine} couldn't remove the container of ${shell.name}: ${removed.lastWord}`)
  }
  try {
    rmSync(shell.folder, { recursive: true, force: true })
  } catch (error) {
    say(sentenceOf(error))
  }
}
