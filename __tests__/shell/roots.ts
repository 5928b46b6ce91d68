import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { makeDdkIso } from '../fixtures/ddk-iso.ts'
import { makeSmallRoot } from '../fixtures/small-root.ts'
import { cli } from '../support/cli.ts'
import { run, sh } from '../support/tools.ts'

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
  for (const program of programs) {
    const path = sh(`type -P ${program}`).trim()
    const target = join(root, 'bin', program)
    rmSync(target, { force: true })
    copyFileSync(path, target)
    for (const [library] of run('ldd', [path]).matchAll(/\/\S+/g)) {
      if (existsSync(join(root, library))) continue
      mkdirSync(join(root, dirname(library)), { recursive: true })
      copyFileSync(library, join(root, library))
    }
  }
  replaceShell(root, join(root, 'bin/bash'))
}

/** Makes this program the root's /bin/sh. */
export function replaceShell(root: string, program: string): void {
  rmSync(join(root, 'bin/sh'))
  copyFileSync(program, join(root, 'bin/sh'))
}
