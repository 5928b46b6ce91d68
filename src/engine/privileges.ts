import type { Engine } from './engine.ts'
import { run } from './run.ts'

/**
 * Who a container's root is on the host: root; the user who runs the engine (`rootless`); or a user of no rights, by the daemon's
 * setting userns-remap (`remapped`).
 */
export type Privileges = 'root' | 'rootless' | 'remapped'

/** Asks the engine. An engine that doesn't say is taken for an ordinary one. */
export async function privilegesOf(engine: Engine): Promise<Privileges> {
  const format = engine.name === 'podman' ? '{{.Host.Security.Rootless}}' : '{{json .SecurityOptions}}'
  const { stdout } = await run(engine.command, ['info', '--format', format])
  if (/^true$|name=rootless/m.test(stdout)) return 'rootless'
  return /name=userns/.test(stdout) ? 'remapped' : 'root'
}
