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
  const dir = mkdtempSync(join(tmpdir(), 'ddk-packages-'))
  try {
    for (const [index, tags] of packages.entries()) writeFileSync(join(dir, `${index}.spec`), specOf(tags))
    run('rpmbuild', ['-bb', '--define', `_topdir ${dir}`, '--define', '_rpmfilename %{NAME}-%{VERSION}.rpm', ...specs(dir, packages)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const files = packages.map(({ Name, Version }) => join(dir, 'RPMS', `${Name}-${Version}.rpm`))
    run('rpm', ['--root', root, '--dbpath', database, '--nodeps', '--oldpackage', '--install', ...files])
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** Turns the database that `installPackages` made into one of CentOS 5 to 7: a hash of Berkeley DB, by Berkeley DB's own loader. */
export function toBerkeleyDb(root: string): void {
  const folder = join(root, database)
  const input = run(process.execPath, [join(import.meta.dirname, 'to-berkeley-db.ts'), join(folder, 'rpmdb.sqlite')])
  for (const name of readdirSync(folder)) rmSync(join(folder, name))
  run('db5.3_load', [join(folder, 'Packages')], { input })
}

function specs(dir: string, packages: readonly Tags[]): string[] {
  return packages.map((_tags, index) => join(dir, `${index}.spec`))
}

function specOf(tags: Tags): string {
  const lines = Object.entries(tags).map(([tag, value]) => `${tag}: ${value.replaceAll('%', '%%')}`)
  return [...lines, 'Summary: for a test', 'BuildArch: noarch', '%description', 'For a test.', '%files', ''].join('\n')
}
