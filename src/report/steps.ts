import type { Engine, Image } from '../engine/engine.ts'
import { type ArchivedImage, provide } from '../engine/provide.ts'
import type { RootImport } from '../engine/root-import.ts'
import { type LayerSink, SinkError } from '../image/archive/layer.ts'
import { type Conversion, type ConvertOptions, convert } from '../image/convert.ts'
import { ProgressLine, shareText } from '../phase/progress-line.ts'
import { bytesText, durationText } from '../phase/units.ts'

/** Receives one line. */
export type Say = (line: string) => void

/**
 * Converts, and reports the progress and the result.
 * @param rootImport gets the lowest layer; if the engine doesn't take it, the archive gets all layers after all
 */
export async function convertWithProgress(
  options: Omit<ConvertOptions, 'onProgress' | 'rootSink'>,
  say: Say,
  rootImport?: RootImport,
): Promise<Conversion> {
  const start = Date.now()
  const conversion = await convertOnce(options, say, rootImport?.sink).catch((error) => {
    options.signal?.throwIfAborted()
    if (!(error instanceof SinkError)) throw error
    rootImport!.giveUp()
    say(`${error.message}; an archive is made instead`)
    return convertOnce(options, say)
  })
  const { found, tar, layers, archive } = conversion
  say(`Root filesystem: ${found.type} in ${found.place}, ${tar.members} entries, ${bytesText(tar.contentSize)}`)
  for (const { diffId, size } of layers) say(`Layer: ${diffId}, ${bytesText(size)}`)
  const took = durationText(Date.now() - start)
  say(rootImport?.done ? `Converted and imported in ${took}` : `Archive: ${bytesText(archive.size)}, made in ${took}`)
  return conversion
}

function convertOnce(options: Omit<ConvertOptions, 'onProgress'>, say: Say, rootSink?: () => LayerSink): Promise<Conversion> {
  const line = new ProgressLine(say)
  return convert({
    ...options,
    ...(rootSink && { rootSink }),
    onProgress: (bytes, { used }) => line.update((elapsed) => `Converted ${shareText(bytes, Math.max(used, bytes))} in ${elapsed}`),
  })
}

/** Loads an archive into an engine, verifies the image, and reports the progress. */
export async function loadWithProgress(engine: Engine, archived: ArchivedImage, say: Say): Promise<Image> {
  const start = Date.now()
  const line = new ProgressLine(say)
  const image = await provide(engine, archived, say, ({ given, size }) =>
    line.update((elapsed) =>
      given === undefined || given >= size
        ? `${engine.name} is unpacking, ${elapsed} so far`
        : `${engine.name} has read ${shareText(given, size)} in ${elapsed}`,
    ),
  )
  say(`Loaded ${archived.name} (${image.id}) in ${durationText(Date.now() - start)}, and checked it by creating a container`)
  return image
}
