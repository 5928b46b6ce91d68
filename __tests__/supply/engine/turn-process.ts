// A process that takes its turn, says so, and keeps it until it is told to go on or is killed, for tests of several at once.
// Usage: node turn-process.ts PATH PATIENCE
import { Turn } from '../../../src/supply/engine/turn.ts'

const [path, patience] = process.argv.slice(2)
const say = (line: string) => console.log(line)
const abort = new AbortController()
process.on('SIGTERM', () => abort.abort(new Error('Stopped')))
const turn = new Turn(path!, { say, warn: say, signal: abort.signal }, Number(patience))
try {
  while (!turn.take()) await turn.wait()
  say('has the turn')
  // Until the end of its standard input.
  for await (const _ of process.stdin);
  turn.release()
  say('is done')
} catch (error) {
  say((error as Error).message)
}
