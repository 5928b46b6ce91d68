import { chownSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { makeDdkIso } from '../fixtures/ddk-iso.ts'
import { makeSmallRoot } from '../fixtures/small-root.ts'
import { addPrograms } from '../shell/roots.ts'
import { run } from '../support/tools.ts'
import { shipped } from './action.ts'

/** What the suite loads, and what must come out. */
export interface Isos {
  /** All of its files belong to ids that every user has. */
  readonly iso: string
  /** A file of it belongs to another user and group than a rootless user has. */
  readonly wide: string
  readonly wideIds: { readonly uid: number; readonly gid: number }
  /** The IDs that the image of `iso` may have: the digests of its configuration and, in the containerd store, of its manifest. */
  readonly ids: { readonly config: string; readonly manifest: string }
}

const wideIds = { uid: 100_000, gid: 300_000 }

/** @param given an ISO to use instead of a small one */
export async function makeIsos(work: string, given?: string): Promise<Isos> {
  const wide = join(work, 'wide.iso')
  await makeDdkIso({ iso: wide, root: makeRoot(join(work, 'wide'), wideIds) })
  const iso = given ?? join(work, 'ddk.iso')
  if (!given) await makeDdkIso({ iso, root: makeRoot(join(work, 'root'), { uid: 1000, gid: 100 }) })
  return { iso, wide, wideIds, ids: idsOf(iso, work) }
}

function makeRoot(folder: string, { uid, gid }: { readonly uid: number; readonly gid: number }): string {
  mkdirSync(folder)
  makeSmallRoot(folder)
  // After a step, GNU find gives files back.
  addPrograms(folder)
  chownSync(join(folder, 'usr/bin/large-ids'), uid, gid)
  return folder
}

/** As the command line makes it, without any engine. */
function idsOf(iso: string, work: string): Isos['ids'] {
  const archive = join(work, 'expected.tar')
  const made = JSON.parse(run(process.execPath, [shipped('cli.cjs'), 'convert', iso, '--output', archive, '--tag', image, '--json']))
  return { config: made.digest, manifest: made.archive.manifestDigest }
}

/** The image's name, in every engine. */
export const image = 'ddk-engines:1'
