import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sha256Of } from '../../bytes/digest.ts'
import { makeFolder } from '../../host/make-folder.ts'
import { writeWhole } from '../../host/new-file.ts'

// The SHA-256 of what each address gave, apart from the ISOs: TOOL_CACHE/xenserver-ddk-checksums/HASH, where HASH is that of the address,
// which may contain secrets. If an ISO is damaged and removed, what is then downloaded is still compared with it.

const folder = 'xenserver-ddk-checksums'

/** In lower-case hexadecimal; undefined without a record. */
export function knownChecksum(toolCache: string, url: string): string | undefined {
  try {
    return /^[0-9a-f]{64}$/.exec(readFileSync(join(toolCache, folder, sha256Of(url)), 'utf8').trim())?.[0]
  } catch {
    return undefined
  }
}

/** If it can't be written, there is no record. */
export function rememberChecksum(toolCache: string, url: string, sha256: string): void {
  try {
    makeFolder(join(toolCache, folder))
    writeWhole(join(toolCache, folder, sha256Of(url)), `${sha256}\n`)
  } catch {
    // The description of the ISO has it, too, as long as the ISO is there.
  }
}
