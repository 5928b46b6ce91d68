import { randomUUID } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { detectEngine } from '../../src/engine/detect.ts'
import type { Engine, Image } from '../../src/engine/engine.ts'
import { labelPrefix } from '../../src/image/config/labels.ts'
import { listPackages } from '../../src/sbom/list-packages.ts'
import { writeSbom } from '../../src/sbom/write-sbom.ts'
import { describeEngines } from '../engine/engines.ts'
import { allEngines } from '../engine/start-engine.ts'
import { run, sh, until } from '../support/tools.ts'
import { addRpm, installPackages, type Tags, toBerkeleyDb } from './rpm-root.ts'

const temp = mkdtempSync(join(tmpdir(), 'ddk-packages-test-'))
const environment = { ...process.env }
/** Others may be at work in the same engine. */
const unique = `ddk-packages-test-${randomUUID()}`
afterAll(() => rmSync(temp, { recursive: true, force: true }))

const packages: readonly Tags[] = [
  { Name: 'zlib', Version: '1.2.3', Release: '7.el5', License: 'MIT', Vendor: 'CentOS' },
  { Name: 'kernel', Version: '3.10.0+2', Release: '1', License: 'GPLv2 and redistributable, no modification permitted' },
  { Name: 'kernel', Version: '3.10.0+10', Release: '1', License: 'GPLv2' },
  { Name: 'odd_name+', Version: '1.0~rc1', Release: '2^git', Epoch: '3', License: 'x "y" & <z>', Vendor: 'Müller & Söhne / 100%, Inc.' },
  // What `rpm --import` records for a key.
  { Name: 'gpg-pubkey', Version: 'e8562897', Release: '459f07a4', License: 'pubkey' },
]

const fullNames = [
  'kernel-0:3.10.0+10-1.noarch',
  'kernel-0:3.10.0+2-1.noarch',
  'odd_name+-3:1.0~rc1-2^git.noarch',
  'zlib-0:1.2.3-7.el5.noarch',
]

/** Files of images that have a script in the place of rpm. */
const scripts = {
  failing: 'echo "error: cannot open Packages database in /var/lib/rpm" >&2; exit 1',
  silent: 'exit 0',
  chatty: "while :; do echo 'a line that is no package'; done | head -c 9000000",
  endless: 'sleep 10000',
  hostile: "printf 'evil\\t\\t1\\t1\\tnoarch\\tMIT\\t\\033[2J\\n'",
} as const

describeEngines(allEngines, ({ command, env, stop }) => {
  let engine: Engine
  const imported: string[] = []
  beforeAll(async () => {
    Object.assign(process.env, env)
    engine = (await detectEngine(command))!
  })
  afterAll(async () => {
    for (const image of imported) await engine.remove(image)
    process.env = { ...environment }
    stop()
  })

  async function imageOf(name: string, fill: (root: string) => void): Promise<Image> {
    const root = mkdtempSync(join(temp, `${name}-`))
    fill(root)
    const tag = `localhost/${unique}:${name}`
    sh(`tar -C '${root}' -c . | ${command} import --change 'ENTRYPOINT ["/bin/false"]' - ${tag}`, { env: process.env })
    imported.push(tag)
    return (await engine.find(tag))!
  }

  /** Containers that are left of an image. */
  const leftOf = ({ id }: Image) => run(command, ['ps', '--all', '--quiet', '--filter', `ancestor=${id}`], { env: process.env })

  describe.each([
    ['sqlite', () => {}],
    ['Berkeley DB', toBerkeleyDb],
  ])('an image with packages in %s', (title, convert) => {
    let image: Image
    beforeAll(async () => {
      image = await imageOf(title.toLowerCase().replace(' ', '-'), (root) => {
        addRpm(root)
        installPackages(root, packages)
        convert(root)
      })
    })

    test('rpm lists them in a container that is gone afterwards', async () => {
      const listed = await listPackages(engine, image)
      expect(listed).toEqual([
        { name: 'kernel', version: '3.10.0+10', release: '1', architecture: 'noarch', license: 'GPLv2' },
        expect.objectContaining({ name: 'kernel', version: '3.10.0+2', license: 'GPLv2 and redistributable, no modification permitted' }),
        {
          ...{ name: 'odd_name+', epoch: '3', version: '1.0~rc1', release: '2^git', architecture: 'noarch' },
          ...{ license: 'x "y" & <z>', vendor: 'Müller & Söhne / 100%, Inc.' },
        },
        expect.objectContaining({ name: 'zlib', vendor: 'CentOS', license: 'MIT' }),
      ])
      expect(leftOf(image)).toBe('')
    })

    test('two runs write the same bytes', async () => {
      const subject = {
        identity: { product: 'XenServer DDK', version: '6.5.0', build: '90233c', kernelVersion: '3.10.0+2', architecture: 'x86_64' },
        isoSha256: '0123456789abcdef'.repeat(4),
      } as const
      const write = async (name: string) => {
        const folder = join(temp, `${command}-${name}-${randomUUID()}`)
        mkdirSync(folder)
        const written = await writeSbom(engine, image, subject, join(folder, 'sbom.json'), folder)
        expect(written.packages).toBe(4)
        return [readFileSync(written.list, 'utf8'), readFileSync(written.path, 'utf8')]
      }
      const [list, bom] = await write('first')
      expect(await write('second')).toEqual([list, bom])
      expect(list).toBe(fullNames.map((name) => `${name}\n`).join(''))
      expect(bom).toContain(image.id)
    })
  })

  test('an image without rpm', async () => {
    const image = await imageOf('none', (root) => {
      mkdirSync(join(root, 'bin'))
      writeFileSync(join(root, 'bin/sh'), '')
    })
    await expect(listPackages(engine, image)).rejects.toThrow(
      'The packages of the image can\'t be listed: it has no rpm in its PATH; leave out the input "sbom" to go on without it',
    )
    expect(leftOf(image)).toBe('')
  })

  const scriptImage = (name: keyof typeof scripts) =>
    imageOf(name, (root) => {
      mkdirSync(join(root, 'bin'))
      run('cp', ['/bin/busybox', join(root, 'bin/busybox')])
      for (const applet of ['sh', 'head', 'printf', 'sleep']) run('ln', ['-s', 'busybox', join(root, 'bin', applet)])
      writeFileSync(join(root, 'bin/rpm'), `#!/bin/sh\n${scripts[name]}\n`)
      chmodSync(join(root, 'bin/rpm'), 0o755)
    })

  test('a cancelled job leaves no container', async () => {
    const image = await scriptImage('endless')
    const job = new AbortController()
    const listing = listPackages((await detectEngine(command, () => {}, { signal: job.signal }))!, image)
    listing.catch(() => {})
    await until(() => leftOf(image) !== '')
    job.abort(new Error('Cancelled'))
    await expect(listing).rejects.toThrow('Cancelled')
    expect(leftOf(image)).toBe('')
  })

  test.each([
    ['failing', /its rpm fails in a container of (?:docker|podman) \(error: cannot open Packages database in \/var\/lib\/rpm\); leave out/],
    ['silent', /its rpm lists no package; leave out/],
    ['chatty', /its rpm prints more than 8 MiB; leave out/],
    ['hostile', /its rpm prints "evil.*\\\\u001b\[2J", which describes no package; leave out/],
  ] as const)('an rpm that is %s', async (name, sentence) => {
    const image = await scriptImage(name)
    const folder = mkdtempSync(join(temp, 'nothing-'))
    const path = join(folder, 'sbom.json')
    const identity = { product: undefined, version: undefined, build: undefined, kernelVersion: undefined, architecture: undefined }
    await expect(writeSbom(engine, image, { identity, isoSha256: '' }, path, folder)).rejects.toThrow(sentence)
    expect(existsSync(path)).toBe(false)
    const left = run(command, ['ps', '--all', '--quiet', '--filter', `label=${labelPrefix}.packages`], { env: process.env })
    expect(left).toBe('')
  })
})
