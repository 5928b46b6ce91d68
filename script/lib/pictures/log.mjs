// Draws a step's log as GitHub shows it: groups under their titles, folded but for the one that took longest.

const colors = {
  panel: '#0d1117',
  text: '#e6edf3',
  number: '#6e7681',
  quiet: '#9198a1',
  title: '#ffffff',
  notice: '#58a6ff',
  warning: '#d29922',
}
const letter = { width: 7.3, height: 20, size: 12 }
/** Characters of a line; a longer one is cut. */
const columns = 118

export function logPicture(log) {
  const lines = shownLines(log)
  const height = lines.length * letter.height + 24
  const texts = lines.map(({ text, kind, number }, index) => {
    const y = 12 + index * letter.height + 14
    const weight = kind === 'title' ? ' font-weight="600"' : ''
    return (
      `<text x="44" y="${y}" fill="${colors.number}" text-anchor="end">${number}</text>` +
      `<text x="60" y="${y}" fill="${colors[kind]}"${weight} xml:space="preserve">${escaped(text)}</text>`
    )
  })
  const width = Math.ceil(72 + columns * letter.width)
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="The log of a run">
<rect width="${width}" height="${height}" rx="6" fill="${colors.panel}"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace" font-size="${letter.size}">
${texts.join('\n')}
</g>
</svg>
`
}

/** The lines that are to be seen, with their numbers in the whole log. */
function shownLines(log) {
  const all = log.trimEnd().split('\n')
  const open = largestGroup(all)
  const shown = []
  let group
  let number = 0
  for (const line of all) {
    if (line === '::endgroup::') {
      group = undefined
      continue
    }
    number++
    const [, title] = /^::group::(.*)$/.exec(line) ?? []
    const [, kind, message] = /^::(notice|warning)::(.*)$/.exec(line) ?? []
    if (title !== undefined) {
      group = title
      shown.push({ text: `${title === open ? '▾' : '▸'} ${title}`, kind: 'title', number })
    } else if (group === undefined || group === open) {
      const text = kind ? `${kind[0].toUpperCase()}${kind.slice(1)}: ${message}` : line
      shown.push({ text: group === undefined ? text : `  ${text}`, kind: kind ?? (group === undefined ? 'text' : 'quiet'), number })
    }
  }
  return shown
}

function largestGroup(lines) {
  const sizes = new Map()
  let group
  for (const line of lines) {
    if (line.startsWith('::group::')) group = line.slice('::group::'.length)
    else if (line === '::endgroup::') group = undefined
    else if (group !== undefined) sizes.set(group, (sizes.get(group) ?? 0) + 1)
  }
  return [...sizes].sort(([, a], [, b]) => b - a)[0]?.[0]
}

function escaped(text) {
  const cut = text.length > columns ? `${text.slice(0, columns - 1)}…` : text
  return cut.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
