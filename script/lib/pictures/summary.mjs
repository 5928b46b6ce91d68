import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/**
 * A page that shows a job summary as GitHub does: GitHub's own style sheet, and Mermaid for the charts. Folded details are open, as after a
 * click. Its title becomes the height of the page in pixels once everything is drawn.
 * @param theme `light` or `dark`
 * @param tools folder with the renderers
 */
export function summaryPage(markdown, theme, tools) {
  const file = (path) => pathToFileURL(join(tools, 'node_modules', path)).href
  const style = readFileSync(join(tools, 'node_modules', `github-markdown-css/github-markdown-${theme}.css`), 'utf8')
  const colors = { light: { page: '#ffffff', frame: '#d1d9e0' }, dark: { page: '#0d1117', frame: '#3d444d' } }[theme]
  return `<!doctype html>
<meta charset="utf-8">
<style>
${style}
body { margin: 0; background: ${colors.page}; }
article { box-sizing: border-box; width: 860px; padding: 24px 32px; }
summary { cursor: pointer; }
pre.mermaid { background: none; border: 1px solid ${colors.frame}; text-align: center; overflow: hidden; }
</style>
<article class="markdown-body"></article>
<script src="${file('marked/lib/marked.umd.js')}"></script>
<script src="${file('mermaid/dist/mermaid.min.js')}"></script>
<script>
const article = document.querySelector('article')
article.innerHTML = marked.parse(${JSON.stringify(markdown).replaceAll('<', '\\u003c')}, { gfm: true })
for (const code of article.querySelectorAll('code.language-mermaid')) {
  const chart = document.createElement('pre')
  chart.className = 'mermaid'
  chart.textContent = code.textContent
  code.parentElement.replaceWith(chart)
}
for (const details of article.querySelectorAll('details')) details.open = true
mermaid.initialize({ startOnLoad: false, theme: '${theme === 'dark' ? 'dark' : 'default'}', gantt: { useWidth: 760 } })
mermaid.run().then(() => { document.title = article.offsetHeight })
</script>
`
}
