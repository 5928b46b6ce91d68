// Loaded into main before its bundle (node --require): gives it a signal at one of its moments, and writes down what it starts afterwards.
// Its moments are each line of the log, the start of each program, and each program's end.
// SIGNAL_AT: number of the moment. SIGNAL_LOG: file for a line "signalled", and one for each program that is started later.

const { isMainThread } = require('node:worker_threads')
const children = require('node:child_process')
const { appendFileSync } = require('node:fs')

if (isMainThread && process.argv[1]?.endsWith('main.cjs')) {
  let left = Number(process.env.SIGNAL_AT)
  let over = false
  const note = (line) => appendFileSync(process.env.SIGNAL_LOG, `${line}\n`)
  const moment = () => {
    if (--left !== 0 || process.listenerCount('SIGINT') === 0) return
    over = true
    note('signalled')
    process.emit('SIGINT', 'SIGINT')
  }
  const { spawn } = children
  children.spawn = (command, args, options) => {
    // The one that is being started just now isn't started later.
    if (over) note([command, ...args].join(' ').replaceAll('\n', ' '))
    moment()
    return spawn(command, args, options).once('exit', moment)
  }
  const write = process.stdout.write.bind(process.stdout)
  process.stdout.write = (...args) => {
    moment()
    return write(...args)
  }
}
