import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { makeDdkIso } from '../fixtures/ddk-iso.ts'
import { makeSmallRoot } from '../fixtures/small-root.ts'
import { cli } from '../support/cli.ts'
import { sh } from '../support/tools.ts'

/** Programs that a DDK has and the small root doesn't: this machine's own. */
const programs = [
  'bash',
  'cat',
  'chown',
  'env',
  'find',
  'install',
  'ln',
  'mkdir',
  'ps',
  'rm',
  'setarch',
  'sleep',
  'stat',
  'timeout',
  'touch',
  'tr',
]

/** An archive of an image, made by the command line from an ISO in the shape of a DDK's. */
export async function makeArchive(dir: string, tag: string, change: (root: string) => void): Promise<string> {
  const root = join(dir, `${tag.replace(':', '-')}-root`)
  mkdirSync(root)
  makeSmallRoot(root)
  change(root)
  const iso = `${root}.iso`
  await makeDdkIso({ iso, root })
  const archive = `${root}.tar`
  const { code, stderr } = cli('convert', iso, '--output', archive, '--compression', 'none', '--tag', tag)
  if (code !== 0) throw new Error(stderr)
  rmSync(iso)
  return archive
}

/** Puts bash and GNU's tools into a root, with their libraries; its /bin/sh is bash, as in a DDK. */
export function addPrograms(root: string): void {
  for (const program of programs) addProgram(root, sh(`type -P ${program}`).trim())
  replaceShell(root, join(root, 'bin/bash'))
}

/** Puts one of this machine's programs into a root's /bin, with its libraries. */
export function addProgram(root: string, path: string): void {
  const target = join(root, 'bin', basename(path))
  rmSync(target, { force: true })
  copyFileSync(path, target)
  // `ldd` fails for a program that has none.
  for (const [library] of sh(`ldd '${path}' || true`).matchAll(/\/\S+/g)) {
    if (existsSync(join(root, library))) continue
    mkdirSync(join(root, dirname(library)), { recursive: true })
    copyFileSync(library, join(root, library))
  }
}

/** Makes this program the root's /bin/sh. */
export function replaceShell(root: string, program: string): void {
  rmSync(join(root, 'bin/sh'))
  copyFileSync(program, join(root, 'bin/sh'))
}
