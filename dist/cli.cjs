#!/usr/bin/env node
// What Node starts: it loads the program beside it. A program is written for Node 24, and an older Node would end in the middle of it, with
// words about our syntax or its own modules. So this file is written for any Node.
const needed = 24

if (Number.parseInt(process.versions.node, 10) >= needed) {
  require(`${__filename.slice(0, -'.cjs'.length)}-program.cjs`)
} else {
  const sentence = `needs Node ${needed}, this is ${process.versions.node} (${process.execPath})`
  process.stderr.write(`xenserver-ddk: ${sentence}\n`)
  if (process.env.GITHUB_ACTIONS === 'true') process.stdout.write(`::error::xenserver-ddk-action ${sentence}\n`)
  process.exitCode = 1
}
