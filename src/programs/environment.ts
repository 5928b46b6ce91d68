/** The inputs, the state and the runner's tokens (actions/runner, "ACTIONS_RUNTIME_TOKEN"), which only this action itself needs. */
const own = /^(INPUT|STATE|ACTIONS)_/i

/**
 * The environment for a program that this action starts. Some programs outlive the step: the process that keeps rootless Podman's
 * namespaces, a load that isn't awaited. Every later step can read their environment in /proc, so they don't get this action's secrets.
 */
export function environmentForPrograms(env: NodeJS.ProcessEnv = process.env): Record<string, string> {
  return Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value === undefined || own.test(name) ? [] : [[name, value]])))
}
