import { execFileSync } from 'node:child_process'
import { pathToFileURL } from 'node:url'

const width = 860

/** Writes a picture of all of a page, whose title is its height in pixels, as a PNG a quarter larger than the page. */
export function photograph(page, png) {
  const address = pathToFileURL(page).href
  const drawn = chromium('--dump-dom', `--window-size=${width},600`, address)
  const height = Number(/<title>(\d+)<\/title>/.exec(drawn)?.[1])
  if (!height) throw new Error(`${page} wasn't drawn: ${drawn.slice(0, 2000)}`)
  chromium(`--screenshot=${png}`, `--window-size=${width},${height}`, '--force-device-scale-factor=1.25', '--hide-scrollbars', address)
}

/** Waits until the page's scripts are done. Chromium's sandbox doesn't work for root, and the page is our own. */
function chromium(...args) {
  const options = ['--headless', '--no-sandbox', '--disable-gpu', '--virtual-time-budget=20000', ...args]
  return execFileSync('chromium', options, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 26 })
}
