import type { Engine, Image } from '../../engine/engine.ts'
import { keyLabel, labelledIdentity } from '../../image/config/labels.ts'
import { isExpected } from '../expected.ts'
import type { Order } from '../order.ts'
import type { Supply } from '../supply.ts'
import { type ImageFacts, knownImages } from './known-images.ts'

/**
 * Takes the image that the engine has from an earlier step or job, and gives it the requested name. Anyone who can use the engine can give
 * any image its label, so if there is a record of the images loaded on this runner, the image must be in it. A job that was cancelled or
 * killed may have loaded it without checking it, so it is checked here.
 * @param key of the image, which contains the ISO's checksum
 * @param otherDigest finds the other digest of an image with an ID: an engine knows either that of the configuration or that of the manifest
 */
export async function fromEngine(
  engine: Engine,
  key: string,
  order: Pick<Order, 'phase' | 'uname' | 'name' | 'expectDigest'>,
  otherDigest: (id: string) => Promise<string | undefined> = async () => undefined,
): Promise<Supply | undefined> {
  const { phase, uname, name: nameOf } = order
  const chosen = await choose(engine, key, phase.say)
  if (!chosen) return undefined
  const { image, facts } = chosen
  const labelled = labelledIdentity(image.labels)
  if (!labelled) {
    phase.say(`The image that ${engine.name} has is ignored: it has labels that this action doesn't write (${image.id})`)
    return undefined
  }
  // An image that a workflow builds on the DDK's inherits its labels.
  const layers = uname === 'ddk' ? 2 : 1
  if (image.layers !== layers) {
    phase.say(`The image that ${engine.name} has is ignored: it has ${image.layers} layers, and the DDK's has ${layers} (${image.id})`)
    return undefined
  }
  if (!isExpected([image.id], order) && !isExpected([await otherDigest(image.id)], order)) {
    phase.say(`The image that ${engine.name} has is ignored: it is ${image.id}, but ${order.expectDigest} is expected`)
    return undefined
  }
  const { identity, isoSha256 } = labelled
  const name = nameOf(identity)
  // Asked meanwhile, unless the image's own names tell. Podman writes them with a registry.
  const written = engine.name === 'podman' ? [name, `localhost/${name}`] : [name]
  const holding = image.names.some((its) => written.includes(its)) ? Promise.resolve(image) : engine.find(name)
  holding.catch(() => {})
  try {
    // Its container is removed while the step goes on: one call less to wait for.
    await engine.prove(image, phase.say)
  } catch (error) {
    phase.signal.throwIfAborted()
    phase.say(`The image that ${engine.name} has is ignored: ${(error as Error).message}`)
    return undefined
  }
  const holder = await holding
  if (holder?.id !== image.id) {
    if (holder) phase.say(`${name} was the name of the image ${holder.id} before`)
    await engine.tag(image.id, name)
  }
  phase.say(`${engine.name} already has the image: ${image.id}`)
  return { origin: 'engine', name, identity, isoSha256, image, facts }
}

interface Chosen {
  readonly image: Image
  readonly facts?: ImageFacts
}

async function choose(engine: Engine, key: string, say: (line: string) => void): Promise<Chosen | undefined> {
  const known = knownImages(key)
  // Each question takes the engine a while, so this doesn't ask for all images with the label first.
  for (const { id, ...facts } of known.toReversed()) {
    const image = await engine.find(id)
    if (image?.labels[keyLabel] === key) return { image, facts }
  }
  const labelled = await engine.labelled(keyLabel, key)
  // The oldest, because images that are built on the DDK's inherit its labels.
  const id = labelled.at(-1)
  if (id === undefined) return undefined
  if (known.length === 0) {
    say(`This runner has no record of the image ${id}, so its label is trusted`)
    const image = await engine.find(id)
    return image && { image }
  }
  const loaded = known.map((image) => image.id).join(' or ')
  say(`${engine.name} has the image ${id}, whose label says that it is this DDK's. It isn't used: this runner loaded ${loaded}`)
  return undefined
}
