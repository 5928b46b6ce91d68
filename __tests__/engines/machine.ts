import { spawn } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { run, until } from '../support/tools.ts'

/** An ordinary user, who has the ids that tools give to each user. */
export const runner = { name: 'ddk-runner', uid: 23456, gid: 23456 }
/** The user whose ids `userns-remap` takes. */
export const remapped = 'ddk-remap'

const idsOfEach = 65_536

/**
 * This machine as another release of Debian or Ubuntu has it: with that release's programs and settings, and two more users. Paths are the
 * same inside and outside. It is a mount namespace, so nothing of it stays when it ends.
 */
export interface Machine {
  readonly asRoot: Enter
  readonly asRunner: Enter
  stop(): void
}

/** Gives the words that come before a command which is to run in a folder. No shell is among them: it would lose variables such as INPUT_ISO-SHA256. */
export type Enter = (folder: string) => readonly string[]

/**
 * @param dir for its files; the caller removes it
 * @param folder of the release; this machine's own programs without it
 */
export async function startMachine(dir: string, folder?: string): Promise<Machine> {
  const [etc, ready] = [join(dir, 'etc'), join(dir, 'ready')]
  mkdirSync(dir, { recursive: true })
  run('cp', ['-a', folder ? join(folder, 'etc') : '/etc', etc])
  addUsers(etc)
  // The shell and `touch` are still this machine's, the rest isn't.
  const script =
    'if [ -n "$1" ]; then mount --bind "$1/usr" /usr; fi; mount --bind "$2" /etc; : >"$3"; PATH=/usr/sbin:/usr/bin exec sleep infinity'
  const holder = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-ec', script, 'sh', folder ?? '', etc, ready], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  await until(() => existsSync(ready))
  // nsenter would otherwise begin in the folder of the namespace's first process.
  const enter: Enter = (folder) => ['nsenter', `--mount=/proc/${holder.pid}/ns/mnt`, `--wdns=${folder}`]
  const { uid, gid } = runner
  return {
    asRoot: enter,
    asRunner: (folder) => [...enter(folder), 'setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'],
    stop: () => void holder.kill(),
  }
}

function addUsers(etc: string): void {
  const { name, uid, gid } = runner
  const users = [
    { name, uid, gid, first: 10_000_000 },
    { name: remapped, uid: uid + 1, gid: gid + 1, first: 20_000_000 },
  ]
  for (const user of users) {
    appendFileSync(join(etc, 'passwd'), `${user.name}:x:${user.uid}:${user.gid}::/nonexistent:/bin/sh\n`)
    appendFileSync(join(etc, 'group'), `${user.name}:x:${user.gid}:\n`)
    for (const file of ['subuid', 'subgid']) appendFileSync(join(etc, file), `${user.name}:${user.first}:${idsOfEach}\n`)
  }
}
