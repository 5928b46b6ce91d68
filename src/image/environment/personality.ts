import { type FileTree, resolve } from '../../disk/filesystem/tree.ts'

/** With util-linux these are all one program; older distributions have it in a separate package. */
const commands = [['/usr/bin/linux32'], ['/usr/bin/setarch', 'i686'], ['/bin/linux32'], ['/bin/setarch', 'i686']] as const

/**
 * Finds the command in the root that runs another command under the 32-bit personality, in which Linux reports the machine as i686;
 * undefined if there is none.
 */
export function personalityCommand(root: FileTree): readonly string[] | undefined {
  return commands.find(([program]) => {
    const node = resolve(root, program)
    return node?.type === 'file' && (node.mode & 0o111) !== 0
  })
}
