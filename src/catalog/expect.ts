import type { Identity } from '../disk/root/identity.ts'
import { parseVersion, satisfies, type Version, versionText } from './version.ts'

/** @throws Error that names both versions, if what was found isn't what was asked for */
export function expectVersion(found: Identity, asked: Version | undefined): void {
  if (!asked || satisfies(asked, versionOf(found))) return
  throw new Error(
    `XenServer ${versionText(asked)} was asked for, but the ISO is ${productText(found)}; give the ISO of that version, or ask for this one`,
  )
}

/** E.g. `XenServer DDK 6.5.0-90233c`. */
function productText({ product = 'something', version = 'of unknown version', build }: Identity): string {
  return `${product} ${version}${build === undefined ? '' : `-${build}`}`
}

function versionOf({ version, build }: Identity): Version {
  try {
    return { ...parseVersion(version ?? ''), ...(build !== undefined && { build }) }
  } catch {
    // It satisfies nobody.
    return { numbers: [] }
  }
}
