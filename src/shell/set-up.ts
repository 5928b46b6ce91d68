import type { Supervision } from '../engine/command.ts'
import type { Engine, Image } from '../engine/engine.ts'
import { privilegesOf } from '../engine/privileges.ts'
import { checkFirstUse } from './checks.ts'
import { installShell } from './install.ts'
import type { Mount, ShellUser } from './options.ts'
import type { InstalledShell } from './remove.ts'

/** What the user wants of a shell. */
export interface ShellRequest {
  /** The word that steps use: `ddk.sh`. */
  readonly name: string
  readonly volumes: readonly Mount[]
  /** `NAME` or `NAME=VALUE`. */
  readonly env: readonly string[]
  readonly network?: string
  readonly runOptions: readonly string[]
  readonly user: ShellUser
}

/**
 * Makes a shell for the job's later steps, and tries whether steps can run in the image at all: if not, that is a warning, since the image
 * may be wanted for something else.
 * @param temp RUNNER_TEMP
 * @param workspace GITHUB_WORKSPACE
 */
export async function setUpShell(
  engine: Engine,
  image: Image,
  request: ShellRequest,
  { temp, workspace }: { readonly temp: string; readonly workspace: string },
  warn: (sentence: string) => void,
  supervision: Supervision = {},
): Promise<InstalledShell> {
  const privileges = await privilegesOf(engine)
  const shell = await installShell({ engine, image, privileges, temp, workspace, supervision, ...request })
  const obstacle = await checkFirstUse(engine, image, privileges, temp)
  if (obstacle !== undefined) warn(`Steps with "shell: ${request.name} {0}" won't run: ${obstacle}`)
  return shell
}
