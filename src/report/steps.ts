import type { Engine, Image } from '../engine/engine.ts'
import { type ArchivedImage, provide } from '../engine/provide.ts'
import type { RootImport } from '../engine/root-import.ts'
import { type LayerSink, SinkError } from '../image/archive/layer.ts'
import { type Conversion, type ConvertOptions, convert } from '../image/convert.ts'
import type { ShowProgress } from '../phase/progress.ts'
import { progressLines } from '../phase/progress-line.ts'
import { bytesText, durationText } from '../phase/units.ts'

/** Receives one line. */
export type Say = (line: string) => void

/**
 * Converts, and reports the progress and the result.
 * @param rootImport gets the lowest layer; if the engine doesn't take it, the archive gets all layers after all
 * @param show shows the progress; by default, `say` gets it as lines
 */
export async function convertWithProgress(
  options: Omit<ConvertOptions, 'onProgress' | 'rootSink'>,
  say: Say,
  rootImport?: RootImport,
  show: ShowProgress = progressLines(say),
): Promise<Conversion> {
  const start = Date.now()
  const conversion = await convertOnce(options, show, rootImport?.sink).catch((error) => {
    options.signal?.throwIfAborted()
    if (!(error instanceof SinkError)) throw error
    rootImport!.giveUp()
    say(`${error.message}; an archive is made instead`)
    return convertOnce(options, show)
  })
  const { found, tar, layers, archive } = conversion
  say(`Root filesystem: ${found.type} in ${found.place}, ${tar.members} entries, ${bytesText(tar.contentSize)}`)
  for (const { diffId, size } of layers) say(`Layer: ${diffId}, ${bytesText(size)}`)
  const took = durationText(Date.now() - start)
  say(rootImport?.done ? `Converted and imported in ${took}` : `Archive: ${bytesText(archive.size)}, made in ${took}`)
  return conversion
}

function convertOnce(options: Omit<ConvertOptions, 'onProgress'>, show: ShowProgress, rootSink?: () => LayerSink): Promise<Conversion> {
  return convert({
    ...options,
    ...(rootSink && { rootSink }),
    onProgress: (done, { used }) => show({ doing: 'Converting', done, total: Math.max(used, done) }),
  })
}

/**
 * Loads an archive into an engine, verifies the image, and reports the progress.
 * @param show as for `convertWithProgress`
 */
export async function loadWithProgress(
  engine: Engine,
  archived: ArchivedImage,
  say: Say,
  show: ShowProgress = progressLines(say),
): Promise<Image> {
  const start = Date.now()
  const image = await provide(engine, archived, say, ({ given, size }) =>
    show(
      given === undefined || given >= size
        ? { doing: `${engine.name} is unpacking` }
        : { doing: `${engine.name} is reading`, done: given, total: size },
    ),
  )
  say(`Loaded ${archived.name} (${image.id}) in ${durationText(Date.now() - start)}, and checked it by creating a container`)
  return image
}
