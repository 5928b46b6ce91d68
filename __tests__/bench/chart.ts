import { median, type Result } from './compare.ts'

const palettes = {
  light: { text: '#1f2328', quiet: '#59636e', bar: '#818b98', ours: '#0969da', spread: '#1f2328' },
  dark: { text: '#f0f6fc', quiet: '#9198a1', bar: '#656c76', ours: '#4493f8', spread: '#f0f6fc' },
}
export type Theme = keyof typeof palettes
export const themes = Object.keys(palettes) as Theme[]

const width = 760
const left = 250
const right = 70
const rowHeight = 22
const titleHeight = 34

/** Bars of the medians, with lines from the fastest to the slowest run; each comparison has its own scale. */
export function chart(results: readonly Result[], theme: Theme): string {
  const { text, quiet, bar, ours, spread } = palettes[theme]
  const parts: string[] = []
  let y = 0
  for (const { title, rows } of results) {
    y += titleHeight
    parts.push(`<text x="0" y="${y - 10}" fill="${text}" font-weight="600">${escapeXml(title)}</text>`)
    const scale = (width - left - right) / Math.max(...rows.flatMap(({ seconds }) => seconds))
    for (const { name, seconds } of rows) {
      const [middle, length] = [y + rowHeight / 2, median(seconds) * scale]
      const [from, to] = [left + seconds[0]! * scale, left + seconds.at(-1)! * scale]
      parts.push(
        `<text x="${left - 10}" y="${middle + 4}" fill="${quiet}" text-anchor="end">${escapeXml(name)}</text>`,
        `<rect x="${left}" y="${y + 4}" width="${length.toFixed(1)}" height="${rowHeight - 8}" rx="2" fill="${name.startsWith('this') ? ours : bar}"/>`,
        `<path d="M${from.toFixed(1)} ${middle}H${to.toFixed(1)}" stroke="${spread}"/>`,
        `<text x="${(Math.max(to, left + length) + 8).toFixed(1)}" y="${middle + 4}" fill="${text}">${median(seconds).toFixed(1)} s</text>`,
      )
      y += rowHeight
    }
  }
  const font = 'font-family="-apple-system, Segoe UI, Noto Sans, Helvetica, Arial, sans-serif" font-size="12"'
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${y + 8}" viewBox="0 0 ${width} ${y + 8}" ${font} role="img" aria-label="Seconds of each way, median of several runs">\n${parts.join('\n')}\n</svg>\n`
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
