import type { Identity } from '../disk/root/identity.ts'
import { parseVersion, satisfies, type Version, versionText } from './version.ts'

/** @throws Error that names both versions, if what was found isn't what was asked for */
export function expectVersion(found: Identity, asked: Version | undefined): void {
  if (!asked || satisfies(asked, versionOf(found))) return
  throw new Error(
    `XenServer ${versionText(asked)} was asked for, but the ISO is ${productText(found)}; give the ISO of that version, or ask for this one`,
  )
}

/** The name of a DDK's image unless the user has a better one, e.g. `xenserver-ddk:6.5.0-90233c`. */
export function imageName({ version, build }: Identity): string {
  if (version === undefined) throw new Error('the root filesystem does not say which version it is, so its image has to be given a name')
  return `xenserver-ddk:${[version, build].filter((part) => part !== undefined).join('-')}`
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
