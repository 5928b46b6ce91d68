// Builds one self-contained CommonJS file for each entry point, so that no module resolution can fail on the runner. The target is the
// given folder, or dist.
import { copyFileSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { build } from 'esbuild'

/** Started by any Node that others have: the action's two steps, and the command line. */
const programs = ['main', 'post', 'cli']

/** Every bundle: the programs, the worker threads that they start, and the cache process. */
const entryPoints = {
  ...Object.fromEntries(programs.map((name) => [`${name}-program`, `src/${name}.ts`])),
  'inflate-worker': 'src/disk/spool/inflate-worker.ts',
  'convert-worker': 'src/image/convert-worker.ts',
  'bar-thread': 'src/phase/terminal/bar-thread.ts',
  'cache-process': 'src/cache/toolkit/cache-process.ts',
}

/** Files that the bundles, like the sources, read from their own folder. */
const assets = ['src/image/environment/uname.sh', 'src/shell/ddk.sh']

const outdir = process.argv[2] ?? 'dist'
rmSync(outdir, { recursive: true, force: true })
await build({
  entryPoints,
  outdir,
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  keepNames: true,
  legalComments: 'none',
  // CommonJS has no import.meta.url, which the sources use to find the worker beside them.
  define: { 'import.meta.url': 'importMetaUrl' },
  banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
  logLevel: 'warning',
})
for (const asset of assets) copyFileSync(asset, join(outdir, basename(asset)))
for (const name of programs) copyFileSync('src/start.cjs', join(outdir, `${name}.cjs`))
