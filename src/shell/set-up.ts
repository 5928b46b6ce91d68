import { UserError } from '../bytes/errors.ts'
import type { Supervision } from '../engine/command.ts'
import type { Engine, Image } from '../engine/engine.ts'
import { checkFirstUse } from './checks.ts'
import type { ContainerRequest } from './container.ts'
import { installRefusal, installShell, refuse } from './install.ts'
import type { InstalledShell } from './remove.ts'
import { startContainer } from './start.ts'

/** What the user wants of a shell. */
export interface ShellRequest extends ContainerRequest {
  /** The name that steps use: `ddk.sh`. */
  readonly name: string
  /** `NAME` or `NAME=VALUE`. */
  readonly env: readonly string[]
}

/** Where to install a shell, and who is told about it. */
export interface Surroundings {
  /** RUNNER_TEMP. */
  readonly temp: string
  /** GITHUB_WORKSPACE. */
  readonly workspace: string
  readonly say: (line: string) => void
  readonly warn: (sentence: string) => void
  /** Called as soon as there is something to remove. */
  readonly installed: (shell: InstalledShell) => Promise<void>
  readonly supervision?: Supervision
  /** Where it is explained why no step can run. */
  readonly explanation: string
}

/**
 * Installs a shell for the job's later steps, and starts its container. If no step can run in the image at all, that is a warning, because
 * the image may be needed for something else; the shell then fails every step with the reason.
 * @returns whether steps can run
 * @throws Error if the request itself is the reason that they can't
 */
export async function setUpShell(engine: Engine, image: Image, request: ShellRequest, surroundings: Surroundings): Promise<boolean> {
  const { temp, workspace, warn, installed, explanation } = surroundings
  const prepared = await installShell({ engine, image, ...surroundings, ...request })
  await installed(prepared.shell)
  const failure = await startContainer(engine, image, prepared)
  if (failure === undefined) return true
  // Try without the user's options, to find out whether they or this machine are the reason.
  const obstacle = (await checkFirstUse(engine, image, temp)) ?? (await checkFirstUse(engine, image, workspace))
  if (obstacle === undefined) {
    throw new UserError(
      `${engine.name} couldn't make the container of ${request.name}: ${failure}; check the inputs "volumes", "network" and "run-options"`,
      'container',
    )
  }
  const reason = `${obstacle}. See ${explanation}`
  refuse(prepared.shell, reason)
  warn(`Steps with "shell: ${request.name} {0}" can't run: ${reason}`)
  return false
}

/** Makes a shell that fails every step with the reason why there is no container. */
export async function setUpRefusal({ name }: ShellRequest, reason: string, surroundings: Surroundings): Promise<void> {
  await surroundings.installed(await installRefusal({ name, ...surroundings }, `${reason}. See ${surroundings.explanation}`))
}
