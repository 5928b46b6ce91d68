import { startEngine } from '../../engine/start-engine.ts'
import type { Setting } from '../setting.ts'
import { processors } from './processors.ts'
import { threads } from './threads.ts'
import { waits } from './waits.ts'

// What the time of a conversion and of a job is made of.

/** Markdown tables: the processor time of a conversion, by thread; that of an image's way into Docker, by program; and what jobs wait for. */
export async function profile(setting: Setting): Promise<string> {
  const engine = startEngine('docker')
  if ('skip' in engine) throw new Error(`docker can't run here: ${engine.skip.detail ?? engine.skip.reason}`)
  try {
    return [await threads(setting, engine), await processors(setting, engine), await waits(setting, engine)].join('\n')
  } finally {
    engine.stop()
  }
}
