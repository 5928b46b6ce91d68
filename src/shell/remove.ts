import { rmSync } from 'node:fs'
import { run } from '../engine/run.ts'
import { shellLabel } from './container.ts'

/** What has to be known of a shell in order to remove it; survives JSON. */
export interface InstalledShell {
  /** Unlike any other installation's. */
  readonly id: string
  readonly name: string
  /** Everything that it wrote. */
  readonly folder: string
  /** The folder for PATH. */
  readonly bin: string
  readonly engine: string
  readonly container: string
  /** Command that gives files to the runner's user; none if empty. */
  readonly giveBack: readonly string[]
}

/** An engine that is slower than this is of no use. */
const patience = 60_000

/**
 * Ends whatever still runs in a shell's container, removes the container and all files of the shell. Never fails: what couldn't be done is
 * said in one line.
 */
export async function removeShell(shell: InstalledShell, say: (line: string) => void = () => {}): Promise<void> {
  const options = { timeout: patience }
  const filter = `label=${shellLabel}=${shell.id}`
  const listed = await run(shell.engine, ['ps', '--all', '--quiet', '--filter', filter], options)
  if (listed.code !== 0) say(`${shell.engine} can't tell whether there is a container of ${shell.name}: ${listed.lastWord}`)
  for (const container of listed.stdout.split('\n').filter((line) => line !== '')) {
    // A step that the runner killed couldn't do it.
    if (shell.giveBack.length > 0) await run(shell.engine, ['exec', container, ...shell.giveBack], options)
    const removed = await run(shell.engine, ['rm', '--force', '--volumes', container], options)
    if (removed.code === 0) say(`Removed the container of ${shell.name}`)
    else if (!/no such container|already in progress/i.test(removed.lastWord))
      say(`${shell.engine} couldn't remove the container of ${shell.name}: ${removed.lastWord}`)
  }
  try {
    rmSync(shell.folder, { recursive: true, force: true })
  } catch (error) {
    say(`${shell.folder} couldn't be removed: ${(error as Error).message}`)
  }
}
