import { type FileTree, resolve } from '../../disk/filesystem/tree.ts'

/** util-linux has all of these for one program; older distributions have it in a package of its own. */
const commands = [['/usr/bin/linux32'], ['/usr/bin/setarch', 'i686'], ['/bin/linux32'], ['/bin/setarch', 'i686']] as const

/**
 * The command of a root that starts another one under the 32-bit personality, in which Linux itself calls its machine i686; nothing if there
 * is none.
 */
export function personalityCommand(root: FileTree): readonly string[] | undefined {
  return commands.find(([program]) => {
    const node = resolve(root, program)
    return node?.type === 'file' && (node.mode & 0o111) !== 0
  })
}
