/** Clock ticks per second of the times in /proc, which is the same on all architectures of Linux that Node runs on. */
const ticks = 100

/**
 * The processor time of a process or a thread in seconds, its own and the system's for it.
 * @param stat its file of that name (Linux: proc_pid_stat(5))
 */
export function secondsIn(stat: string): number {
  // The name before it may contain anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticks
}
