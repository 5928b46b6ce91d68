import { haveService } from '../../cache/process/background.ts'
import type { Inputs } from '../../inputs.ts'
import type { IsoRequest } from '../iso/iso-request.ts'
import { repositoryVisibility, type Visibility } from './visibility.ts'

/** What is read from and saved to the Actions cache. */
export interface CacheUse {
  readonly restore: Kinds
  readonly save: Kinds
}

interface Kinds {
  readonly image: boolean
  readonly iso: boolean
}

const nothing: Kinds = { image: false, iso: false }

/**
 * Decides what the Actions cache is used for. A pull request from a fork can read a public repository's cache, so `cache: auto` doesn't
 * save anything that not everyone can download anyway.
 * @param notice is told what isn't cached for that reason, in one sentence
 */
export function decideCacheUse(inputs: Inputs, request: IsoRequest, notice: (sentence: string) => void): CacheUse {
  if (!haveService()) return { restore: nothing, save: nothing }
  const kinds = kindsOf(inputs, request, repositoryVisibility(), notice)
  return { restore: inputs.restoreCache ? kinds : nothing, save: inputs.saveCache ? kinds : nothing }
}

function kindsOf({ cache }: Inputs, { confidential }: IsoRequest, visibility: Visibility, notice: (sentence: string) => void): Kinds {
  if (cache !== 'auto') return { image: ['all', 'image'].includes(cache), iso: ['all', 'iso'].includes(cache) }
  if (confidential === undefined || visibility === 'restricted') return { image: true, iso: true }
  const repository = visibility === 'public' ? 'this repository is public' : 'the event does not say whether this repository is public'
  notice(
    `Neither the ISO nor the image is kept in the Actions cache, because ${confidential}, and ${repository}: ` +
      'pull requests from forks can read the cache of a public repository. If everybody may have this DDK, set "cache: all"',
  )
  return nothing
}
