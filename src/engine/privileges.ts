import type { Engine } from './engine.ts'
import { failure } from './images.ts'

/**
 * Who a container's root is on the host: root, the user who runs the engine (`rootless`), or an unprivileged user, because of the daemon's
 * userns-remap setting (`remapped`).
 */
export type Privileges = 'root' | 'rootless' | 'remapped'

/**
 * Asks the engine. If it doesn't say, it is assumed to be an ordinary one.
 * @throws EngineError if it doesn't answer at all
 */
export async function privilegesOf(engine: Engine): Promise<Privileges> {
  const format = engine.name === 'podman' ? '{{.Host.Security.Rootless}}' : '{{json .SecurityOptions}}'
  const finished = await engine.call(['info', '--format', format])
  if (finished.timedOut) throw failure(engine.command, "say who a container's root is", finished)
  const { stdout } = finished
  if (/^true$|name=rootless/m.test(stdout)) return 'rootless'
  return /name=userns/.test(stdout) ? 'remapped' : 'root'
}
