import { DatabaseSync } from 'node:sqlite'

// Prints what db5.3_load makes rpm's `Packages` of CentOS 5 to 7 of: the same headers as in the sqlite database whose path is the argument, by
// the same numbers. The record 0 is the last number.

const database = new DatabaseSync(process.argv[2]!, { readOnly: true })
const rows = database.prepare('SELECT hnum, blob FROM Packages ORDER BY hnum').all() as { hnum: number; blob: Uint8Array }[]
database.close()

const record = (number: number, value: Uint8Array) => ` ${uint32(number).toString('hex')}\n ${Buffer.from(value).toString('hex')}\n`
const records = [record(0, uint32(rows.at(-1)!.hnum)), ...rows.map(({ hnum, blob }) => record(hnum, blob))]
process.stdout.write(`VERSION=3\nformat=bytevalue\ntype=hash\nHEADER=END\n${records.join('')}DATA=END\n`)

function uint32(number: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(number)
  return bytes
}
