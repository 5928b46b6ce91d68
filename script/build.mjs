// Builds one self-contained CommonJS file for each entry point, so that no module resolution can fail on the runner. The target is the
// given folder, or dist.
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { build } from 'esbuild'

/** Started by any Node that others have: the action's two steps, and the command line. */
const programs = ['main', 'post', 'cli']

/** The bundles of the processes: the programs, and the cache process. */
const processes = {
  ...Object.fromEntries(programs.map((name) => [`${name}-program`, `src/${name}.ts`])),
  'cache-process': 'src/cache/toolkit/cache-process.ts',
}

/** The bundles of the worker threads that the programs start. */
const threads = {
  'inflate-worker': 'src/disk/spool/inflate-worker.ts',
  'convert-worker': 'src/image/convert-worker.ts',
  'bar-thread': 'src/phase/terminal/bar-thread.ts',
}

/** Files that the bundles, like the sources, read from their own folder. */
const assets = ['src/image/environment/uname.sh', 'src/shell/ddk.sh']

/** Packages that a library can do without, and that aren't installed. A bundle mustn't look for them in the folders around it. */
const absentPackages = ['xmlbuilder2']

const outdir = process.argv[2] ?? 'dist'
rmSync(outdir, { recursive: true, force: true })
// The toolkit compares the names of its errors' classes. A thread has no toolkit, and makes several functions for each file: to name them
// would take a tenth of its time.
const inputs = [...(await bundle(processes, { keepNames: true })), ...(await bundle(threads, { keepNames: false }))]
for (const asset of assets) copyFileSync(asset, join(outdir, basename(asset)))
for (const name of programs) copyFileSync('src/start.cjs', join(outdir, `${name}.cjs`))
writeFileSync(join(outdir, 'licenses.txt'), licenses(inputs))

/** Returns the files that the bundles are made of. */
async function bundle(entryPoints, { keepNames }) {
  const { metafile } = await build({
    entryPoints,
    outdir,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    keepNames,
    legalComments: 'none',
    alias: Object.fromEntries(absentPackages.map((name) => [name, './script/lib/absent-package.cjs'])),
    // CommonJS has no import.meta.url, which the sources use to find the worker beside them.
    define: { 'import.meta.url': 'importMetaUrl' },
    banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
    logLevel: 'warning',
    metafile: true,
  })
  return Object.keys(metafile.inputs)
}

/** The licences of the packages that are in the bundles, which most of them demand to be passed on. */
function licenses(inputs) {
  const folders = new Set(inputs.flatMap((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? []))
  return [...new Set([...folders].sort().map(licenseOf))].join('\n')
}

function licenseOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const text = textOf(folder, /^licen[cs]e/i) ?? 'The package contains no text of it.'
  // The Apache License demands that this is passed on as well (section 4d).
  const attribution = textOf(folder, /^notice/i)
  return [`${name} ${version}, ${license}`, text, ...(attribution ? [attribution] : [])].join('\n\n').concat('\n')
}

function textOf(folder, pattern) {
  const file = readdirSync(folder).find((entry) => pattern.test(entry))
  return file && readFileSync(join(folder, file), 'utf8').trim()
}
