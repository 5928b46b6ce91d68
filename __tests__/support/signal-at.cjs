// Loaded into main before its bundle (node --require): gives it a signal at one of its moments, and writes down what it starts afterwards.
// Its moments are each line of the log, the start of each program, each program's end, and each event of a request and of its answer.
// SIGNAL_AT: number of the moment. SIGNAL_ONLY: kinds of moments that count (line, program, http). SIGNAL_LOG: file for a line "signalled",
// and one for each program and each request that is started later.

const { isMainThread } = require('node:worker_threads')
const children = require('node:child_process')
const http = require('node:http')
const https = require('node:https')
const { appendFileSync } = require('node:fs')

if (isMainThread && process.argv[1]?.endsWith('main.cjs')) {
  let left = Number(process.env.SIGNAL_AT)
  let over = false
  const kinds = process.env.SIGNAL_ONLY.split(' ')
  const note = (line) => appendFileSync(process.env.SIGNAL_LOG, `${line}\n`)
  const moment = (kind) => {
    if (!kinds.includes(kind) || --left !== 0 || process.listenerCount('SIGINT') === 0) return
    over = true
    note('signalled')
    process.emit('SIGINT', 'SIGINT')
  }
  const { spawn } = children
  children.spawn = (command, args, options) => {
    // The one that is being started just now isn't started later.
    if (over) note([command, ...args].join(' ').replaceAll('\n', ' '))
    moment('program')
    return spawn(command, args, options).once('exit', () => moment('program'))
  }
  const write = process.stdout.write.bind(process.stdout)
  process.stdout.write = (...args) => {
    moment('line')
    return write(...args)
  }
  for (const protocol of [http, https]) {
    const { request } = protocol
    protocol.request = (url, ...rest) => {
      if (over) note(`request ${url}`)
      moment('http')
      return request(url, ...rest)
    }
  }
  for (const [kind, events] of [
    [http.ClientRequest, ['socket', 'finish', 'response', 'error', 'close']],
    [http.IncomingMessage, ['readable', 'end', 'error', 'close']],
  ]) {
    const { emit } = kind.prototype
    kind.prototype.emit = function (name, ...args) {
      // Of an answer's many pieces the first is enough.
      this.seen ??= new Set()
      if (events.includes(name) && !this.seen.has(name)) {
        this.seen.add(name)
        moment('http')
      }
      return emit.call(this, name, ...args)
    }
  }
  require('node:module').syncBuiltinESMExports()
}
