import { systemMessage } from '../bytes/errors.ts'

/** What a system call is for, in the words of someone who didn't call it. */
const failed: Readonly<Record<string, string>> = {
  mkdir: 'no folder can be made there',
  mkdtemp: 'no folder can be made there',
  open: "it can't be opened",
  access: "it can't be reached",
  stat: "it can't be reached",
  lstat: "it can't be reached",
  statfs: "it can't be reached",
  read: "it can't be read",
  readlink: "it can't be read",
  scandir: "it can't be read",
  write: "it can't be written",
  fsync: "it can't be written",
  ftruncate: "it can't be written",
  copyfile: "it can't be copied",
  link: "it can't be given another name",
  rename: "it can't be renamed",
  symlink: 'no link can be made there',
  rm: "it can't be removed",
  rmdir: "it can't be removed",
  unlink: "it can't be removed",
}

/** An error as one sentence for the user: of the system's own, the path, what couldn't be done with it and why; of any other, its message. */
export function sentenceOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('message' in error)) return `it failed: ${String(error)}`
  const { errno, syscall, path, message } = error as NodeJS.ErrnoException
  if (errno === undefined || syscall === undefined) return message
  const what = failed[syscall] ?? (syscall.startsWith('spawn') ? "it can't be started" : `${syscall} failed`)
  // Node names no file that is open already, and of a temporary folder the pattern.
  const place = path === undefined ? 'a file' : path.replace(/X{6}$/, '')
  return `${place}: ${what} (${systemMessage(error)})`
}
