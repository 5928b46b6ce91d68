/** An installed package, as rpm's database describes it (rpm's tags of the same names). */
export interface RpmPackage {
  readonly name: string
  /** Decimal digits; absent if the package has none, which rpm compares like 0. */
  readonly epoch?: string
  readonly version: string
  readonly release: string
  /** E.g. `i386`, `x86_64`, `noarch`. */
  readonly architecture: string
  /** As its packager wrote it, e.g. `GPLv2+ and BSD`. */
  readonly license?: string
  /** E.g. `CentOS`, `Citrix Systems, Inc.` */
  readonly vendor?: string
}

/** `NAME-EPOCH:VERSION-RELEASE.ARCHITECTURE`, in which no two installed packages are alike. */
export function fullName({ name, epoch = '0', version, release, architecture }: RpmPackage): string {
  return `${name}-${epoch}:${version}-${release}.${architecture}`
}

/** One package per line, without duplicates, in the order of `LC_ALL=C sort`. */
export function packageList(packages: readonly RpmPackage[]): string {
  return packages.map((entry) => `${fullName(entry)}\n`).join('')
}

/** Sorts by full names, byte by byte, so that the order doesn't depend on the database. Of several with the same full name, one stays. */
export function inOrder(packages: readonly RpmPackage[]): RpmPackage[] {
  const keyed = packages.map((entry) => ({ entry, name: Buffer.from(fullName(entry)), all: Buffer.from(JSON.stringify(entry)) }))
  keyed.sort((a, b) => a.name.compare(b.name) || a.all.compare(b.all))
  return keyed.filter(({ name }, index) => index === 0 || !name.equals(keyed[index - 1]!.name)).map(({ entry }) => entry)
}
