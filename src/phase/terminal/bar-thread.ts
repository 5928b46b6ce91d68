import { styleText } from 'node:util'
import { receiveMessageOnPort, workerData } from 'node:worker_threads'
import type { BarState, BarTask } from './bar.ts'
import { barText } from './bar-text.ts'
import { Screen } from './screen.ts'

const { fd, shared, states, coloured } = workerData as BarTask
const screen = new Screen(fd, shared)
const paint = coloured ? (text: string) => styleText('cyan', text, { validateStream: false }) : String
let state: BarState | undefined

setInterval(() => {
  for (let next = receiveMessageOnPort(states); next; next = receiveMessageOnPort(states)) state = next.message
  if (state) screen.draw(barText(state, Date.now() - state.since, { columns: state.columns, paint }))
}, 100)
