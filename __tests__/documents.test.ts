import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from '@jest/globals'

// Whether the documents' links lead to files and headings that there are.

const documents = globSync(['*.md', 'docs/*.md', 'examples/*.md', '.github/**/*.md'])

interface Link {
  readonly document: string
  readonly target: string
}

/** Relative links, without those in code. Links to pages of the repository that aren't files begin with `../../` in a file on top. */
function linksOf(document: string): Link[] {
  const text = readFileSync(document, 'utf8').replace(/^```.*?^```/gms, '')
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)"/g)].map(([, link, source]) => (link ?? source)!)
  return targets.filter((target) => !/^(https?:|(\.\.\/)+issues\/)/.test(target)).map((target) => ({ document, target }))
}

/** As GitHub makes them. */
function anchorsOf(document: string): string[] {
  const text = readFileSync(document, 'utf8').replace(/^```.*?^```/gms, '')
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

function leadsNowhere({ document, target }: Link): boolean {
  const [path = '', anchor] = target.split('#')
  const file = path === '' ? document : join(dirname(document), path)
  return !existsSync(file) || (anchor !== undefined && file.endsWith('.md') && !anchorsOf(file).includes(anchor))
}

test("documents' links lead to files and headings that there are", () => {
  const links = documents.flatMap(linksOf)
  expect(links.length).toBeGreaterThan(50)
  expect(links.filter(leadsNowhere)).toEqual([])
})

test('a link that leads nowhere would be found', () => {
  expect(linksOf('README.md').length).toBeGreaterThan(20)
  expect(leadsNowhere({ document: 'README.md', target: 'docs/missing.md' })).toBe(true)
  expect(leadsNowhere({ document: 'docs/faq.md', target: '../README.md#no-heading' })).toBe(true)
  expect(leadsNowhere({ document: 'docs/faq.md', target: '../README.md#the-ddks-licence' })).toBe(false)
})
