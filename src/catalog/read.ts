import schema from '../../catalog.schema.json' with { type: 'json' }
import { type Fail, type JsonNode, type Member, parseJson } from './json.ts'
import { aliasKey, type Catalog, releaseOf, releaseText } from './release.ts'
import { plainValue } from './schema.ts'

/**
 * Parses a catalog in the format of catalog.schema.json.
 * @param name of the text, for errors
 * @throws Error that names the line and column, what is wrong there, and what is allowed
 */
export function readCatalog(text: string, name: string): Catalog {
  const fail: Fail = (offset, what) => {
    throw new Error(`${name}, ${place(text, offset)}: ${what}`)
  }
  const root = parseJson(text, fail)
  const { releases } = plainValue(root, schema, fail) as { releases: readonly unknown[] }
  const catalog = releases.map(releaseOf)
  const offsets = offsetsOfReleases(root)
  refuseDuplicates(catalog, (index, earlier, what) =>
    fail(offsets[index]!, `${what} in ${place(text, offsets[earlier]!)}; remove one of them`),
  )
  return catalog
}

function offsetsOfReleases(root: JsonNode): readonly number[] {
  const releases = (root.value as ReadonlyMap<string, Member>).get('releases')!.node
  return (releases.value as readonly JsonNode[]).map(({ offset }) => offset)
}

/** Calls `fail` for a duplicate release, and for an alias that an earlier release gives to another version. */
function refuseDuplicates(catalog: Catalog, fail: (index: number, earlier: number, what: string) => never): void {
  const firsts = new Map<string, number>()
  const versionOf = new Map<string, number>()
  catalog.forEach((release, index) => {
    const text = releaseText(release)
    const earlier = firsts.get(text)
    if (earlier !== undefined) fail(index, earlier, `${text} is already`)
    firsts.set(text, index)
    for (const alias of release.aliases ?? []) {
      const other = versionOf.get(aliasKey(alias)) ?? index
      if (catalog[other]!.version !== release.version)
        fail(index, other, `the alias "${alias}" already stands for ${catalog[other]!.version}`)
      versionOf.set(aliasKey(alias), other)
    }
  })
}

function place(text: string, offset: number): string {
  const lines = text.slice(0, offset).split('\n')
  return `line ${lines.length}, column ${lines.at(-1)!.length + 1}`
}
