import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Image } from '../../engine/engine.ts'
import { makeFolder } from '../../host/make-folder.ts'
import { writeWhole } from '../../host/new-file.ts'
import { keyLabel } from '../../image/config/labels.ts'

// The images that this action has loaded on this runner: TOOL_CACHE/xenserver-ddk-images/KEY.json, a list of IDs.

/** IDs of the images that were loaded for a key; none if there is no readable record. */
export function knownImages(key: string): readonly string[] {
  try {
    const ids: unknown = JSON.parse(readFileSync(recordOf(key), 'utf8'))
    return Array.isArray(ids) ? ids.filter((id) => typeof id === 'string') : []
  } catch {
    return []
  }
}

/** Records that an image was loaded and verified. If nothing can be written, there is no record. */
export function rememberImage({ id, labels }: Image): void {
  const key = labels[keyLabel]
  if (!key) return
  const known = knownImages(key)
  if (known.includes(id)) return
  try {
    const record = recordOf(key)
    makeFolder(join(record, '..'))
    writeWhole(record, JSON.stringify([...known, id]))
  } catch {
    // The next job then trusts the label, as on a runner that has never made the image.
  }
}

/** @throws Error if the runner has no tool cache */
function recordOf(key: string): string {
  const { RUNNER_TOOL_CACHE: toolCache } = process.env
  if (!toolCache || !/^[\w.-]+$/.test(key)) throw new Error('nowhere to keep it')
  return join(toolCache, 'xenserver-ddk-images', `${key}.json`)
}
