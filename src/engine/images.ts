import type { Finished } from '../programs/finished.ts'
import type { CallOptions, EngineCommand } from './command.ts'
import type { Engine, Image } from './engine.ts'
import { BrokenImageError, EngineError } from './errors.ts'
import { tooFewIds } from './id-ranges.ts'

/** The commands that Docker and Podman have in common. */
type SharedPart = Pick<Engine, 'find' | 'labelled' | 'imageId' | 'tag' | 'remove' | 'prove'>

/** Labels the containers that `prove` makes, so that a leftover one can be found and removed. */
const proofLabel = 'io.github.xenserver-ddk-action.proof'

const change: CallOptions = { deadline: 'change' }

/**
 * @param platformOption whether to pass the image's platform to `create`: Docker otherwise assumes the host's, but Podman would look for
 *   another image
 */
export function images(command: EngineCommand, platformOption: boolean): SharedPart {
  const { program } = command
  const find = async (reference: string): Promise<Image | undefined> => {
    const finished = await command.call(['image', 'inspect', '--', reference])
    if (finished.code === 0) return readImage(program, reference, finished.stdout)
    if (/no such (image|object)|image not known/i.test(finished.lastWord)) return undefined
    throw failure(program, `look for the image ${reference}`, finished)
  }

  return {
    find,

    async labelled(label, value) {
      const wanted = `look for an image with the label ${label}`
      const output = await succeed(command, ['images', '--all', '--quiet', '--no-trunc', '--filter', `label=${label}=${value}`], wanted)
      // An image with two names is listed twice.
      return [...new Set(output.split('\n').map((id) => id.trim()))].filter((id) => id !== '')
    },

    async imageId(reference) {
      const image = await find(reference)
      if (!image) throw new EngineError(`${program} has no image ${reference}`)
      return image.id
    },

    async tag(image, reference) {
      await succeed(command, ['tag', image, reference], `name the image ${image} ${reference}`, change)
    },

    async remove(image) {
      await succeed(command, ['image', 'rm', '--force', image], `remove the image ${image}`, change)
    },

    async prove({ id, platform }, say = () => {}) {
      // Use the ID, so that no engine asks a registry. Give a command, because the image may have none.
      const args = [
        ...['create', '--pull', 'never', '--label', `${proofLabel}=true`, '--network', 'none'],
        ...(platformOption ? ['--platform', platform] : []),
        ...[id, '/bin/true'],
      ]
      const created = await command.call(args, change)
      if (created.code !== 0) {
        const { message, kind } = failure(program, `create a container from the image ${id}`, created)
        const isImagesFault = created.code !== undefined && !noRoom.test(created.lastWord)
        throw isImagesFault ? new BrokenImageError(message) : new EngineError(message, kind)
      }
      const container = created.stdout.trim()
      const remove = async () => {
        const removed = await command.call(['rm', '--force', container], { ...change, evenIfCancelled: true })
        if (removed.code !== 0)
          say(failure(program, `remove the container ${container}, which proved that the image is sound`, removed).message)
      }
      return { cleared: remove() }
    },
  }
}

interface Inspected {
  readonly Id: string
  readonly RepoTags?: string[] | null
  readonly Size?: number
  readonly RootFS?: { readonly Layers?: readonly string[] | null } | null
  readonly Os: string
  readonly Architecture: string
  readonly Config?: { readonly Labels?: Record<string, string> | null; readonly Entrypoint?: string[] | null } | null
}

function readImage(program: string, reference: string, json: string): Image {
  const [image] = JSON.parse(json) as Inspected[]
  if (!image) throw new EngineError(`${program} reports no details about the image ${reference}`)
  return {
    // Podman omits the algorithm, but accepts it.
    id: image.Id.includes(':') ? image.Id : `sha256:${image.Id}`,
    names: image.RepoTags ?? [],
    labels: image.Config?.Labels ?? {},
    platform: `${image.Os}/${image.Architecture}`,
    layers: image.RootFS?.Layers?.length ?? 0,
    size: image.Size,
    entrypoint: image.Config?.Entrypoint ?? [],
  }
}

/** @param wanted completes the sentence "docker couldn't …", if the call fails */
export async function succeed(command: EngineCommand, args: readonly string[], wanted: string, options?: CallOptions): Promise<string> {
  const finished = await command.call(args, options)
  if (finished.code !== 0) throw failure(command.program, wanted, finished)
  return finished.stdout
}

/** `wanted` completes the sentence "docker couldn't …". */
export function failure(program: string, wanted: string, finished: Finished): EngineError {
  const reason = finished.lastWord || `it ended with exit code ${finished.code}`
  const message = `${program} couldn't ${wanted}: ${reason}`
  if (noRoom.test(reason)) return new EngineError(`${message}; free some space on the disk of its data folder`, 'no-room')
  return new EngineError(message, tooFewIds.test(reason) ? 'too-few-ids' : 'engine')
}

const noRoom = /no space left on device/i
