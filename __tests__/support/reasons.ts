/** What a machine may not have, and what would cure it. A test is skipped for one of these and for nothing else. */
export const reasons = {
  'no-root': { missing: 'root', cure: 'run script/test as root' },
  'no-mounts': { missing: 'the right to mount loop devices', cure: 'use a machine, a virtual machine or a privileged container' },
  'no-docker': { missing: 'a Docker that runs containers', cure: 'run script/bootstrap test, then script/test as root' },
  'no-newer-docker': { missing: "Debian's newest Docker", cure: 'run script/test as root where debootstrap reaches a Debian mirror' },
  'no-registry': { missing: "Debian's docker-registry", cure: 'run script/bootstrap test' },
  'no-builder-tools': {
    missing: 'buildx, BuildKit and Apptainer',
    cure: 'run script/test as root where debootstrap reaches a Debian mirror, with Go 1.25 or later',
  },
  'no-builders': { missing: "Debian's buildah, skopeo or umoci", cure: 'run script/bootstrap test' },
  'no-podman': { missing: 'a Podman that runs containers', cure: 'run script/bootstrap test, then script/test as root' },
  'no-i386-root': { missing: 'a 32-bit root filesystem', cure: 'run script/test as root where debootstrap reaches a Debian mirror' },
  'no-corpus': { missing: 'the corpus of disks that others made', cure: 'put it beside the checkout, as ../shared/corpus' },
  'no-second-filesystem': { missing: 'a second filesystem to write to', cure: 'mount a tmpfs at /dev/shm' },
  'private-checkout': { missing: 'a checkout that other users can read', cure: "don't check out below a private folder such as /root" },
  'kernel-without-fast-commits': { missing: "ext4's fast commits", cure: 'use a kernel (5.10 or later) that writes them' },
  'kernel-without-filesystem': { missing: "the kernel's driver for a filesystem", cure: 'load its module, or use a kernel that has it' },
  'no-older-node': { missing: 'a Node older than 24 in /usr/bin or /usr/local/bin', cure: 'install the one of the distribution' },
  'not-x86-64': { missing: 'an x86-64 processor', cure: 'use another machine' },
} as const satisfies Record<string, { missing: string; cure: string }>

export type Reason = keyof typeof reasons

/** Why a test is skipped on this machine. */
export interface Skip {
  readonly reason: Reason
  /** What the thing that is missing said for itself, if it said something. */
  readonly detail?: string | undefined
}

/** The end of a skipped test's title, or of its group's: so every report of the tests has the reason, and nothing else needs to carry it. */
export function mark({ reason, detail }: Skip): string {
  const said = detail?.trim().replaceAll(/\s*\n\s*/g, '; ')
  return ` [skipped: ${reason}${said ? `: ${said}` : ''}]`
}

/** The reason in the titles of a skipped test, from the outermost group to its own. */
export function skipOf(titles: readonly string[]): Skip | undefined {
  for (const title of titles) {
    const [, reason, detail] = /\[skipped: ([a-z0-9-]+)(?:: (.*))?\]$/s.exec(title) ?? []
    if (reason !== undefined && reason in reasons) return { reason: reason as Reason, ...(detail && { detail }) }
  }
  return undefined
}
