import { mkdirSync, writeFileSync } from 'node:fs'
import type { ListingEntry } from '../../../../src/disk/filesystem/listing-entry.ts'
import { type Listed, run, sh } from '../../../support/tools.ts'

/** The fields of a listing that an ISO with Rock Ridge keeps; of a directory's link count each program has its own opinion. */
export function kept(entry: object): object {
  const { ino, nlink, xattrs, mtime, ...rest } = entry as ListingEntry & { nlink: number }
  return { ...rest, seconds: mtime.split('.')[0], ...(rest.type === 'file' && { nlink }) }
}

/** Regular files and directories, with names that every form of ISO can hold in some way. */
export function makePlainTree(dir: string): void {
  mkdirSync(`${dir}/ddk/xvda`, { recursive: true })
  mkdirSync(`${dir}/many files`)
  writeFileSync(`${dir}/ddk/ova.xml`, '<appliance version="0.1"/>\n')
  for (let chunk = 0; chunk < 3; chunk++) {
    writeFileSync(`${dir}/ddk/xvda/chunk-${String(chunk).padStart(9, '0')}.gz`, Buffer.alloc(2047 + chunk, `chunk ${chunk}`))
  }
  writeFileSync(`${dir}/nothing`, '')
  writeFileSync(`${dir}/README`, 'no dot\n')
  for (let file = 0; file < 120; file++) writeFileSync(`${dir}/many files/f${file}.txt`, `file ${file}\n`)
}

/** Everything that Rock Ridge can tell of, and directories that are too deep for ISO 9660. */
export function makePosixTree(dir: string): void {
  makePlainTree(dir)
  mkdirSync(`${dir}/1/2/3/4/5/6/7/8/9/10`, { recursive: true })
  writeFileSync(`${dir}/1/2/3/4/5/6/7/8/9/10/deep`, 'deep\n')
  sh(
    `cd ${dir}
    ln README hard
    mknod null c 1 3; mknod disk b 259 70000; mkfifo pipe
    ln -s / root; ln -s /a/../b/./c path; ln -s ../../x up; ln -s ${'l'.repeat(150)}/${'m'.repeat(150)} long
    echo utf > 'Grüße 世界 😀.txt'; echo raw > $'bad\\xff\\xfe'; echo dot > trailing.; echo version > 'version;1'
    echo long > ${'n'.repeat(200)}.txt
    chown 1000:100000 README; chmod 6711 nothing; chmod 1777 ddk
    touch -d '1980-02-29 12:34:56 UTC' ddk/ova.xml; touch -h -d '2037-01-01 00:00:00 UTC' path`,
  )
}

/** Makes an ISO of a directory; a program that takes too long for it has met one of its own bugs. */
export function makeIso(command: string, dir: string, iso: string): string {
  const [program, ...args] = command.split(' ')
  run(program!, [...args, '-quiet', '-o', iso, dir], { timeout: 20_000, stdio: ['ignore', 'pipe', 'pipe'] })
  return iso
}

/** What bsdtar finds in an ISO. */
export function listByBsdtar(iso: string): object[] {
  const lines = run('bsdtar', ['--format=mtree', '--options=!all,type,size,sha256', '-cf', '-', `@${iso}`]).split('\n')
  return lines.flatMap(fromMtree).sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** A line of an mtree manifest in the form of a listing. */
export function fromMtree(line: string): { path: string }[] {
  const [path, ...words] = line.split(' ')
  if (!path?.startsWith('./')) return []
  const field = Object.fromEntries(words.map((word) => word.split('=') as [string, string]))
  return [
    {
      path: path.slice(2).replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
      type: field.type === 'link' ? 'symlink' : field.type,
      ...(field.type === 'file' && { size: Number(field.size), sha256: field.sha256digest ?? field.sha256 }),
    } as { path: string },
  ]
}

export function brief({ path, type, size, sha256 }: Listed): object {
  return { path, type, ...(type === 'file' && { size, sha256 }) }
}
