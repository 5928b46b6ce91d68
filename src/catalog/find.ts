import { UserError } from '../bytes/errors.ts'
import { aliasKey, type Catalog, type Release, releaseText } from './release.ts'
import { parseVersion, satisfies, type Version, versionText } from './version.ts'

/**
 * The first release that matches the request and has an address. A release without a build may be any build, so it comes after those with
 * the requested build. Once the ISO is there, its real version and build must be checked.
 * @throws Error that says what the catalog offers instead, and that an ISO can be given
 */
export function findRelease(asked: Version, catalog: Catalog): Release {
  const ofVersion = catalog.filter(({ version }) => satisfies({ numbers: asked.numbers }, parseVersion(version)))
  if (ofVersion.length === 0) throw new UserError(unknownVersion(asked, catalog), 'no-address')
  const fitting =
    asked.build === undefined ? ofVersion : [asked.build, undefined].flatMap((wanted) => ofVersion.filter(({ build }) => build === wanted))
  if (fitting.length === 0) throw new UserError(unknownBuild(asked, ofVersion), 'no-address')
  const release = fitting.find(({ urls }) => urls.length > 0)
  if (!release) throw new UserError(noAddress(asked, fitting[0]!), 'no-address')
  return release
}

/**
 * Parses `xenserver-version`: a version, or an alias from the catalog.
 * @throws Error that says how to write a version, and lists the aliases
 */
export function askedVersion(text: string, catalog: Catalog): Version {
  const known = catalog.find(({ aliases = [] }) => aliases.some((alias) => aliasKey(alias) === aliasKey(text)))
  if (known) return parseVersion(known.version)
  try {
    return parseVersion(text)
  } catch (error) {
    const aliases = catalog.flatMap((release) => release.aliases ?? [])
    throw new Error(`${(error as Error).message}${aliases.length === 0 ? '' : `, or as an alias of the catalog: ${aliases.join(', ')}`}`)
  }
}

function unknownVersion(asked: Version, catalog: Catalog): string {
  const wanted = `XenServer ${versionText(asked)} is not in the catalog`
  if (catalog.length === 0) return `${wanted}, which is empty; ${isoInput}`
  const meant = withDots(asked, catalog)
  const nearest = catalog.reduce((best, release) => (distance(release, meant) < distance(best, meant) ? release : best))
  return `${wanted}, which has ${listed(catalog)}; the nearest is ${nearest.version}. Request one of these, or ${isoInput}`
}

function unknownBuild(asked: Version, releases: readonly Release[]): string {
  const wanted = `Build ${asked.build} of XenServer ${versionText({ numbers: asked.numbers })} is not in the catalog`
  return `${wanted}, which has ${releases.map(releaseText).join(', ')}. Request one of these, or ${isoInput}`
}

function noAddress(asked: Version, { note }: Release): string {
  const sentences = [
    `No URL is known for the DDK of XenServer ${versionText(asked)}.`,
    note,
    'Set the input "iso" to the path or URL of its ISO, or add the URL to a catalog of your own',
  ]
  return sentences.filter((sentence) => sentence !== undefined).join(' ')
}

const isoInput = 'set the input "iso" to the path or URL of its ISO'

/** Each version once, sorted, with its aliases. */
function listed(catalog: Catalog): string {
  const aliases = new Map<string, Set<string>>()
  for (const release of catalog) {
    const known = aliases.get(release.version) ?? new Set()
    aliases.set(release.version, new Set([...known, ...(release.aliases ?? [])]))
  }
  return Array.from(aliases, ([version, others]) => (others.size === 0 ? version : `${version} (${[...others].join(', ')})`))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .join(', ')
}

/** 65 was probably meant as 6.5, and 602 as 6.0.2, unless there is a release 65, or none begins with 6. */
function withDots(asked: Version, catalog: Catalog): Version {
  const digits = [...asked.numbers.join('')].map(Number)
  const majors = catalog.map(({ version }) => parseVersion(version).numbers[0])
  const isMeant = asked.numbers.length === 1 && majors.includes(digits[0]) && !majors.includes(asked.numbers[0])
  return isMeant ? { numbers: digits } : asked
}

function distance({ version }: Release, asked: Version): number {
  return Math.abs(rank(parseVersion(version).numbers) - rank(asked.numbers))
}

/** One number for up to four parts, each below 10,000, so that major versions outweigh minor ones. */
function rank(numbers: readonly number[]): number {
  return [0, 1, 2, 3].reduce((sum, place) => sum * 10_000 + (numbers[place] ?? 0), 0)
}
