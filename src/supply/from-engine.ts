import type { Engine } from '../engine/engine.ts'
import { keyLabel, labelledIdentity } from '../image/config/labels.ts'
import type { Order } from './order.ts'
import type { Supply } from './supply.ts'

/**
 * The image of this very ISO that the engine has from an earlier step or job, under the name that is wanted now. A job that was cancelled
 * or killed may have loaded it without proving it, so that is done here.
 * @param key of the image, by the ISO's checksum
 */
export async function fromEngine(engine: Engine, key: string, { phase, name: nameOf }: Order): Promise<Supply | undefined> {
  const image = await engine.findLabelled(keyLabel, key)
  if (!image) return undefined
  const labelled = labelledIdentity(image.labels)
  if (!labelled) {
    phase.say(`The image that ${engine.name} has isn't used: its labels aren't such as are given here (${image.id})`)
    return undefined
  }
  try {
    await engine.prove(image.id)
  } catch (error) {
    phase.signal.throwIfAborted()
    phase.say(`The image that ${engine.name} has isn't used: ${(error as Error).message}`)
    return undefined
  }
  const { identity, isoSha256 } = labelled
  const name = nameOf(identity)
  const holder = await engine.find(name)
  if (holder?.id !== image.id) {
    if (holder) phase.say(`${name} was the name of the image ${holder.id} before`)
    await engine.tag(image.id, name)
  }
  phase.say(`${engine.name} has the image already: ${image.id}`)
  return { origin: 'engine', name, identity, isoSha256, image }
}
