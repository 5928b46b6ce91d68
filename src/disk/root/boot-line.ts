/** The value of the last `root=` on a kernel's command line, the one that the kernel takes, e.g. `/dev/xvda1`; nothing if there is none. */
export function rootOnBootLine(bootLine: string): string | undefined {
  return bootLine
    .match(/(?<=^|\s)root=\S+/g)
    ?.at(-1)
    ?.slice('root='.length)
}
