import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from '@jest/globals'

/**
 * For each room of src/ (a folder, or a file that is alone), the other rooms that it may import; lowest room first. A folder without a line
 * belongs to the room that it is in. The files on top may import all rooms.
 */
const layers: Readonly<Record<string, string>> = {
  bytes: '',
  phase: '',
  host: 'bytes phase',
  programs: '',
  'choice.ts': '',
  'log.ts': 'bytes',
  'disk/filesystem': 'bytes',
  'disk/image.ts': 'bytes',
  'disk/lvm': 'bytes',
  'disk/partitions': 'bytes',
  'disk/vhd': 'bytes',
  'disk/xva': 'bytes',
  'disk/spool': 'bytes',
  'disk/root': 'bytes disk/filesystem',
  'disk/zip': 'bytes disk/filesystem disk/spool',
  'disk/appliance': 'bytes disk/filesystem disk/image.ts disk/root disk/spool',
  disk: 'bytes',
  catalog: 'bytes disk/root',
  'image/config': 'bytes disk/root',
  'image/tar': 'bytes disk/filesystem',
  'image/archive': 'bytes host image/config image/tar',
  'image/environment': 'bytes disk host image/config image/tar',
  'image/key': 'bytes disk image/config image/environment image/tar',
  image: 'bytes disk host',
  engine: 'host programs',
  fetch: 'bytes catalog host phase',
  'cache/process': 'host image/config log.ts phase programs',
  'cache/entries': 'bytes cache/process host image',
  'cache/toolkit': 'bytes cache/entries cache/process host',
  cache: '',
  shell: 'engine host image programs',
  'inputs.ts': 'bytes catalog choice.ts engine fetch host image log.ts shell',
  report: 'bytes disk engine image phase',
  commands: 'bytes catalog choice.ts disk engine host image report',
  supply: 'bytes cache catalog disk engine fetch host image inputs.ts phase report',
}

const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
const imports = new Map(files.map((file) => [file, importsOf(file)]))

/** Of types as well. */
function importsOf(file: string): string[] {
  const specifiers = readFileSync(join('src', file), 'utf8').matchAll(/^(?:import|export|\})[^'\n]* from '(\.[^']+\.ts)'$/gm)
  return [...specifiers].map(([, path]) => join(dirname(file), path!))
}

/** Whether a path is a room's, or in it. */
function isIn(path: string, room: string): boolean {
  return path === room || path.startsWith(`${room}/`)
}

test('a room imports only from those below it', () => {
  const rooms = Object.keys(layers).sort((a, b) => b.length - a.length)
  const wrong = [...imports].flatMap(([file, targets]) => {
    const room = rooms.find((candidate) => isIn(file, candidate))
    if (room === undefined) return []
    const allowed = [room, ...layers[room]!.split(' ')]
    return targets.filter((target) => !allowed.some((other) => isIn(target, other))).map((target) => `${file} -> ${target}`)
  })
  expect(wrong).toEqual([])
})

test('a room may only import rooms with earlier lines, so no two may import each other', () => {
  const rooms = Object.keys(layers)
  const wrong = rooms.flatMap((room, index) =>
    layers[room]!.split(' ').filter((other) => other !== '' && !rooms.slice(0, index).includes(other)),
  )
  expect(wrong).toEqual([])
})

test('each folder of src/, and of its large folders, has a line', () => {
  const folders = ['', 'cache/', 'disk/', 'image/'].flatMap((above) =>
    readdirSync(`src/${above}`, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [`${above}${entry.name}`] : [])),
  )
  expect(folders.filter((folder) => layers[folder] === undefined)).toEqual([])
})

test('no file imports itself by way of others', () => {
  const left = new Map(imports)
  for (let before = -1; left.size !== before; ) {
    before = left.size
    for (const [file, targets] of left) if (!targets.some((target) => left.has(target))) left.delete(file)
  }
  expect([...left.keys()]).toEqual([])
})
