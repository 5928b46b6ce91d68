import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from '@jest/globals'
import { layers } from './layers.ts'

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
