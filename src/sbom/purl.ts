import { PackageURL } from 'packageurl-js'
import type { RpmPackage } from './rpm-package.ts'

/** Namespaces by which databases of vulnerabilities know these vendors' packages. */
const namespaces: Readonly<Record<string, string>> = {
  'fedora project': 'fedora',
  'red hat, inc.': 'redhat',
}

/**
 * The package URL of a package (purl specification, type `rpm`): its vendor in lower case, name, version and release, and as qualifiers its
 * architecture, its epoch, and the distribution that it is installed in.
 * @param distro e.g. `xenserver-ddk-6.5.0`
 */
export function purlOf({ name, epoch, version, release, architecture, vendor }: RpmPackage, distro: string | undefined): string {
  const namespace = vendor?.toLowerCase().trim()
  const qualifiers = { arch: architecture, ...(epoch !== undefined && { epoch }), ...(distro !== undefined && { distro }) }
  return new PackageURL(
    'rpm',
    namespace && (namespaces[namespace] ?? namespace),
    name,
    `${version}-${release}`,
    qualifiers,
    undefined,
  ).toString()
}
