/**
 * The value of the last `root=` on a kernel's command line, which is the one that the kernel uses, e.g. `/dev/xvda1`; undefined if there is
 * none.
 */
export function rootOnBootLine(bootLine: string): string | undefined {
  return bootLine
    .match(/(?<=^|\s)root=\S+/g)
    ?.at(-1)
    ?.slice('root='.length)
}
