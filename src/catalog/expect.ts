import { UserError } from '../bytes/errors.ts'
import type { Identity } from '../disk/root/identity.ts'
import { parseVersion, satisfies, type Version, versionText } from './version.ts'

/** @throws Error that names both versions, if the ISO isn't the requested version */
export function expectVersion(found: Identity, asked: Version | undefined): void {
  if (!asked || satisfies(asked, versionOf(found))) return
  throw new UserError(
    `XenServer ${versionText(asked)} was requested, but the ISO is ${productText(found)}; give the ISO of the requested version, or request the version of this ISO`,
    'other-version',
  )
}

/** E.g. `XenServer DDK 6.5.0-90233c`. */
function productText({ product = 'an unknown product', version = 'of unknown version', build }: Identity): string {
  return `${product} ${version}${build === undefined ? '' : `-${build}`}`
}

function versionOf({ version, build }: Identity): Version {
  try {
    return { ...parseVersion(version ?? ''), ...(build !== undefined && { build }) }
  } catch {
    // It satisfies no request.
    return { numbers: [] }
  }
}
