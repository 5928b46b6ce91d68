import { systemMessage } from '../bytes/errors.ts'

/** What each system call was for, in words for users. */
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

/** An error as one sentence for the user: for a system error, the path, what failed and why; for any other error, its message. */
export function sentenceOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('message' in error)) return `it failed: ${String(error)}`
  const { errno, syscall, path, message } = error as NodeJS.ErrnoException
  if (errno === undefined || syscall === undefined) return message
  const what = failed[syscall] ?? (syscall.startsWith('spawn') ? "it can't be started" : `${syscall} failed`)
  // Node doesn't name files that are already open, and names only the pattern of a temporary folder.
  const place = path === undefined ? 'a file' : path.replace(/X{6}$/, '')
  return `${place}: ${what} (${systemMessage(error)})`
}
