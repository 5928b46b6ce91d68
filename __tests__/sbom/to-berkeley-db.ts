import { DatabaseSync } from 'node:sqlite'

// Prints what db5.3_load makes rpm's `Packages` of CentOS 5 to 7 of: the same headers as in a sqlite database. Record 0 is the last number.
// Arguments: the database's path, how often each header is there, and the numbers' byte order.

const [path = '', copies, order] = process.argv.slice(2)
const database = new DatabaseSync(path, { readOnly: true })
const rows = database.prepare('SELECT blob FROM Packages ORDER BY hnum').all() as { blob: Uint8Array }[]
database.close()

const record = (number: number, value: Uint8Array) => ` ${uint32(number).toString('hex')}\n ${Buffer.from(value).toString('hex')}\n`
const headers = Array.from({ length: Number(copies) }, () => rows.map(({ blob }) => blob)).flat()
const records = [record(0, uint32(headers.length)), ...headers.map((header, index) => record(index + 1, header))]
process.stdout.write(`VERSION=3\nformat=bytevalue\ntype=hash\nHEADER=END\n${records.join('')}DATA=END\n`)

function uint32(number: number): Buffer {
  const bytes = Buffer.alloc(4)
  if (order === 'big-endian') bytes.writeUInt32BE(number)
  else bytes.writeUInt32LE(number)
  return bytes
}
