import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { release, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Warn } from '../../../../../src/bytes/errors.ts'
import { bytesAt, memorySource, type OpenFile, openFile } from '../../../../../src/bytes/source.ts'
import { type Replayed, replayJournal } from '../../../../../src/disk/filesystem/ext/journal/index.ts'
import { powerCut } from '../../../../support/power-cut.ts'
import type { Skip } from '../../../../support/reasons.ts'
import { type Listed, run, sh, walkMounted, withMount } from '../../../../support/tools.ts'

/** The four bytes that a journal's own blocks begin with, and then anything. */
export const looksLikeJournal = Buffer.from('c03b3998', 'hex')

/** Runs debugfs commands, which may write. */
export function debugfs(image: string, ...commands: string[]): string {
  return run('debugfs', ['-w', '-f', '-', image], { input: `${commands.join('\n')}\n` })
}

export function blockSizeOf(image: string): number {
  return withFile(image, (file) => 1024 << bytesAt(file, 1024, 1024).readUInt32LE(24))
}

/** Holes stay holes. */
export function copyImage(from: string, to: string): void {
  run('cp', ['--sparse=always', from, to])
}

/** What debugfs says is in the journal, inode 8. */
export function journalOf(image: string): Buffer {
  run('debugfs', ['-R', `dump <8> ${image}.journal`, image])
  return readFileSync(`${image}.journal`)
}

/** Replays a journal over an image with our code. */
export function replay(image: string, journal: Uint8Array, use: (replayed: Replayed) => void = () => {}, warn: Warn = () => {}): number {
  const blockSize = blockSizeOf(image)
  return withFile(image, (file) => {
    const replayed = replayJournal(file, memorySource(journal, 'the journal'), { blockSize, inodeSize: 256 }, warn)
    use(replayed)
    return replayed.transactions
  })
}

/**
 * How many blocks e2fsck's replay changes, and which of all blocks ours and e2fsck's differ in, but for those that e2fsck writes of its own accord:
 * the superblock and the journal's.
 */
export function compareWithE2fsck(image: string): { changed: number; different: number[]; transactions: number } {
  const blockSize = blockSizeOf(image)
  const own = new Set([blockSize === 1024 ? 1 : 0, journalBlock(image, 0)])
  const copy = `${image}.recovered`
  copyImage(image, copy)
  sh(`e2fsck -fy -E journal_only "${copy}" > /dev/null || [ $? = 1 ]`)
  let changed = 0
  const different: number[] = []
  const transactions = replay(image, journalOf(image), ({ device: ours }) => {
    withFile(image, (before) =>
      withFile(copy, (theirs) => {
        for (let block = 0; block < theirs.size / blockSize; block++) {
          const [was, expected, found] = [before, theirs, ours].map((source) => bytesAt(source, block * blockSize, blockSize))
          if (own.has(block)) continue
          if (!expected!.equals(was!)) changed++
          if (!expected!.equals(found!)) different.push(block)
        }
      }),
    )
  })
  return { changed, different, transactions }
}

/** Where in the filesystem one of the journal's blocks is. */
function journalBlock(image: string, at: number): number {
  return Number(run('debugfs', ['-R', `bmap <8> ${at}`, image]).trim())
}

/** Writes over bytes of the journal, in the image itself. */
export function overwriteJournal(image: string, at: number, offset: number, bytes: Uint8Array): void {
  const place = journalBlock(image, at) * blockSizeOf(image) + offset
  const fd = openSync(image, 'r+')
  writeSync(fd, bytes, 0, bytes.length, place)
  closeSync(fd)
}

/** What the kernel says is in a copy of the image once it has replayed the journal; nothing if it refuses to mount it. */
export async function mountedByKernel(image: string): Promise<Listed[] | undefined> {
  const copy = `${image}.mounted`
  copyImage(image, copy)
  try {
    return await withMount(copy, walkMounted, 'rw')
  } catch (error) {
    if (String(error).includes('mount -o')) return undefined
    throw error
  }
}

/** How often a filesystem is made anew because another program's sync() has come between: it commits what the test wanted to commit itself. */
const attempts = 30

/**
 * Makes a filesystem, mounts it, and takes its image as it is when the power goes.
 * `script` is Python, run in the mounted directory; `fsync(path)` commits, and so does a sync() of any other program on this machine. Whoever
 * depends on which commits there are says so by `undisturbed`, and calls `begin()` in the script where that starts to matter.
 * @param undisturbed `required`: nobody else has made a commit; `preferred`: nobody else has, unless other programs do so all the time
 */
export async function crashedImage(
  dir: string,
  mkfs: string,
  mountOptions: string,
  script: string,
  { undisturbed }: { undisturbed?: 'required' | 'preferred' } = {},
): Promise<string> {
  const image = join(dir, 'image')
  const crashed = join(dir, 'crashed')
  writeFileSync(join(dir, 'script.py'), `${prelude}\n${script}\nend()`)
  for (let attempt = 0; attempt < attempts; attempt++) {
    rmSync(image, { force: true })
    run('truncate', ['-s', '24M', image])
    run('mke2fs', ['-q', '-F', ...mkfs.split(' '), image], { stdio: 'pipe' })
    const fits = await withMount(
      image,
      (mounted) => {
        const [wanted, made] = run('python3', [join(dir, 'script.py')], { cwd: mounted })
          .trim()
          .split(' ')
        // Not after it is unmounted, which writes to their places what is in the journal.
        copyImage(image, crashed)
        return !undisturbed || wanted === made
      },
      // Linux commits by itself after five seconds otherwise, which on a slow machine is in the middle of a script.
      `${mountOptions},commit=600`,
    )
    if (fits) return crashed
  }
  if (undisturbed === 'preferred') return crashed
  throw new Error('other programs on this machine sync its filesystems too often')
}

/** Whether this kernel and this mke2fs write fast commits, by trying: a kernel may be too old or built without them. */
export function noFastCommits(): Skip | undefined {
  const dir = mkdtempSync(join(tmpdir(), 'ddk-fast-commit-'))
  const script = `
    rm -f image; truncate -s 24M image && mke2fs -q -F -t ext4 -b 1024 -O fast_commit -J size=8,fast_commit_size=1024 image && mkdir -p mounted
    device=$(losetup --find --show image)
    mount "$device" mounted || { losetup -d "$device"; exit 1; }
    mkdir mounted/a; sync -f mounted; echo x >mounted/a/x; sync mounted/a/x; cat "/proc/fs/ext4/\${device#/dev/}/fc_info"
    umount -d mounted`
  let said = ''
  try {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const { stdout, stderr } = spawnSync('sh', ['-c', script], { cwd: dir, encoding: 'utf8' })
      const commits = /^(\d+) commits/m.exec(stdout)?.[1] ?? '0'
      if (commits !== '0') return undefined
      said = stderr.trim()
    }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
  return { reason: 'kernel-without-fast-commits', detail: said || `${release()} made none for a file that was synced` }
}

/** `end()` prints how many transactions there should be, as many as at the last `begin()`, and how many there are, and cuts the power. */
const prelude = `${powerCut}
def loop():
    device = os.stat('.').st_dev
    return os.path.basename(os.path.realpath('/sys/dev/block/%d:%d' % (os.major(device), os.minor(device))))
def transactions():
    return int(open('/proc/fs/jbd2/%s-8/info' % loop()).read().split()[0])
begun = None
def begin():
    global begun
    hurry()
    begun = transactions()
def end():
    made = transactions()
    cut_power()
    print(made if begun is None else begun, made)
def fsync(path):
    fd = os.open(path, os.O_RDONLY); os.fsync(fd); os.close(fd)
def write(path, data, mode='wb'):
    with open(path, mode) as file: file.write(data)
`

function withFile<T>(path: string, use: (file: OpenFile) => T): T {
  const file = openFile(path)
  try {
    return use(file)
  } finally {
    file.close()
  }
}
