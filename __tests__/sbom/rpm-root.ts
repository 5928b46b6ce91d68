import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { run } from '../support/tools.ts'

/** Tags of a package to build, by the names of a spec file; see rpm's manual, "Spec file format". */
export type Tags = Readonly<Record<'Name' | 'Version' | 'Release' | 'License', string> & Partial<Record<'Epoch' | 'Vendor', string>>>

/** Where rpm keeps its database in a DDK. Debian's rpm, of which a root here has a copy, would look elsewhere. */
const database = '/var/lib/rpm'

/** Puts this machine's rpm into a root, with its libraries and its settings. */
export function addRpm(root: string): void {
  for (const path of ['/usr/bin/rpm', ...run('ldd', ['/usr/bin/rpm']).matchAll(/\/\S+/g)].map(String)) {
    const target = join(root, path)
    if (existsSync(target)) continue
    mkdirSync(dirname(target), { recursive: true })
    copyFileSync(path, target)
  }
  for (const path of ['macros', 'rpmrc', 'platform']) {
    cpSync(join('/usr/lib/rpm', path), join(root, 'usr/lib/rpm', path), { recursive: true })
  }
  mkdirSync(join(root, 'etc/rpm'), { recursive: true })
  writeFileSync(join(root, 'etc/rpm/macros'), `%_dbpath ${database}\n`)
}

/** Builds packages and installs them into a root, so that it has a database that rpm wrote. */
export function installPackages(root: string, packages: readonly Tags[]): void {
  install(packages, ['--root', root, '--dbpath', database])
}

/** Makes a folder with a database as if packages were installed. It takes no root. */
export function recordPackages(folder: string, packages: readonly Tags[]): void {
  install(packages, ['--dbpath', folder, '--justdb'])
}

function install(packages: readonly Tags[], options: readonly string[]): void {
  const dir = mkdtempSync(join(tmpdir(), 'ddk-packages-'))
  try {
    for (const [index, tags] of packages.entries()) writeFileSync(join(dir, `${index}.spec`), specOf(tags))
    run('rpmbuild', ['-bb', '--define', `_topdir ${dir}`, '--define', '_rpmfilename %{NAME}-%{VERSION}.rpm', ...specs(dir, packages)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const files = packages.map(({ Name, Version }) => join(dir, 'RPMS', `${Name}-${Version}.rpm`))
    run('rpm', [...options, '--nodeps', '--oldpackage', '--install', ...files])
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** Turns the database that `installPackages` made into one of CentOS 5 to 7. */
export function toBerkeleyDb(root: string): void {
  const folder = join(root, database)
  const records = recordsOf(folder)
  for (const name of readdirSync(folder)) rmSync(join(folder, name))
  loadBerkeleyDb(join(folder, 'Packages'), records)
}

/** The records of a database of this machine's rpm, as `db5.3_load` takes them. */
export function recordsOf(folder: string, options: RecordOptions = {}): string {
  const { copies = 1, bigEndian = false } = options
  const program = join(import.meta.dirname, 'to-berkeley-db.ts')
  return run(process.execPath, [program, join(folder, 'rpmdb.sqlite'), String(copies), bigEndian ? 'big-endian' : 'little-endian'])
}

export interface RecordOptions {
  /** How often each package is there, each time by another number. */
  readonly copies?: number
  /** As on a machine with the most significant byte first. */
  readonly bigEndian?: boolean
}

/** Makes the file of a hash of Berkeley DB, as rpm has them in CentOS 5 to 7, by Berkeley DB's own loader. */
export function loadBerkeleyDb(file: string, records: string, settings: Readonly<Record<string, number | string>> = {}): void {
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  run('db5.3_load', [...options, file], { input: records })
}

function specs(dir: string, packages: readonly Tags[]): string[] {
  return packages.map((_tags, index) => join(dir, `${index}.spec`))
}

function specOf(tags: Tags): string {
  const lines = Object.entries(tags).map(([tag, value]) => `${tag}: ${value.replaceAll('%', '%%')}`)
  return [...lines, 'Summary: for a test', 'BuildArch: noarch', '%description', 'For a test.', '%files', ''].join('\n')
}
