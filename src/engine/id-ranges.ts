import type { Engine } from './engine.ts'

/** The highest owners of an image's files. */
export interface HighestIds {
  readonly uid: number
  readonly gid: number
}

/** What engines say (Podman, Docker by containerd, Docker with userns-remap) if a user namespace lacks the owner of a file. */
export const tooFewIds = /insufficient (UIDs|GIDs)|subordinate IDs|cannot be mapped to a host ID/i

/** Every tool that makes users gives each as many. */
const usual = 65_536

/**
 * How many ids the engine needs for an image, and where to write them, as the rest of a sentence (subuid(5), user_namespaces(7)). A rootless
 * engine's root is the user who runs it, so that its range begins with id 1; the range of a remapped daemon begins with id 0.
 * @param highest absent if it isn't known: the image was cached by an older version
 */
export function neededRanges({ name, privileges }: Pick<Engine, 'name' | 'privileges'>, highest?: HighestIds): string {
  const first = privileges === 'rootless' ? 1 : 0
  const count = (id = 0) => Math.max(usual, id + 1 - first)
  const owners = highest ? `the image has files of users up to ${highest.uid} and of groups up to ${highest.gid}, so ` : ''
  const who = privileges === 'remapped' ? "the user of the daemon's userns-remap" : 'this user'
  const then = name === 'podman' ? "run 'podman system migrate'" : 'restart the daemon'
  return (
    `${owners}give ${who} a range of ${count(highest?.uid)} ids in /etc/subuid and of ${count(highest?.gid)} in /etc/subgid, and ${then}; ` +
    'or use an engine that runs as root'
  )
}
