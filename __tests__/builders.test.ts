import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startEngine, type Title } from './engine/start-engine.ts'
import { makeDdkIso } from './fixtures/ddk-iso.ts'
import { cli } from './support/cli.ts'
import { noRoot } from './support/machine.ts'
import type { Skip } from './support/reasons.ts'
import { noRegistry, startRegistry } from './support/registry.ts'
import { unless } from './support/skip.ts'
import { lastLine, run, sh } from './support/tools.ts'

// Every line of docs/builders.md, pasted out of it.

const document = readFileSync(new URL('../docs/builders.md', import.meta.url), 'utf8')
const blocksOf = (language: string) =>
  Array.from(document.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms')), ([, text]) => text!)
const [dockerfile] = blocksOf('dockerfile')
const blocks = blocksOf('sh')
const kernel = '3.10.0+2'
const tools = fileURLToPath(new URL('../script/lib/builder-tools.sh', import.meta.url))

const engines = new Map<Title, ReturnType<typeof startEngine>>()
function engine(title: Title) {
  if (!engines.has(title)) engines.set(title, startEngine(title))
  return engines.get(title)!
}

let noTools: Skip | undefined = noRoot && { reason: 'no-builder-tools' }
let folder = ''
if (!noTools) {
  const { status, stdout, stderr } = spawnSync(tools, ['make'], { encoding: 'utf8' })
  if (status === 0) folder = stdout.trim()
  else noTools = { reason: 'no-builder-tools', detail: lastLine(stderr) }
}
const isThere = (program: string) => spawnSync(program, ['--version']).status === 0
const noBuilders: Skip | undefined = ['buildah', 'skopeo', 'umoci'].every(isThere) ? undefined : { reason: 'no-builders' }

let dir = ''
const at = (name: string) => join(dir, name)
let made: { image: string; digest: string; ociLayout: { manifestDigest: string } }
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-builders-'))
  await makeDdkIso({ iso: at('ddk.iso') })
  for (const compression of ['gzip', 'zstd']) {
    const { stdout } = cli(
      'convert',
      at('ddk.iso'),
      '--oci-layout',
      at(compression),
      '-o',
      at(`${compression}.tar`),
      '--compression',
      compression,
      '--json',
    )
    made = JSON.parse(stdout)
  }
  // A plugin of Docker's client, which looks for them here.
  mkdirSync(at('docker/cli-plugins'), { recursive: true })
  symlinkSync(join(folder, 'root/usr/libexec/docker/cli-plugins/docker-buildx'), at('docker/cli-plugins/docker-buildx'))
})
afterAll(() => {
  for (const running of engines.values()) if ('stop' in running) running.stop()
  rmSync(dir, { recursive: true, force: true })
})

/** A folder with sources to build, and the layout. */
function makeProject(compression: 'zstd' | 'gzip' = 'zstd'): string {
  const project = mkdtempSync(at('project-'))
  cpSync(at(compression), join(project, 'ddk'), { recursive: true })
  writeFileSync(join(project, 'Dockerfile'), dockerfile!)
  writeFileSync(join(project, '.dockerignore'), 'ddk\n')
  writeFileSync(join(project, 'build.sh'), '#!/bin/sh\n/usr/local/bin/uname -r >/built-for\n', { mode: 0o755 })
  return project
}

/** What a block needs, and what has come of it. */
interface Use {
  readonly title: string
  readonly skip: Skip | undefined
  readonly run: (block: string) => void | Promise<void>
}

/** Without root, other tests share the engines. */
const skipOf = (title: Title) => {
  if (noRoot) return noRoot
  const started = engine(title)
  return 'skip' in started ? started.skip : undefined
}
const envOf = (title: Title): NodeJS.ProcessEnv => ({
  ...process.env,
  ...(engine(title) as { env: object }).env,
})
const paste = (block: string, env: NodeJS.ProcessEnv = process.env, project = makeProject()) => sh(block, { cwd: project, env })
const builtFor = (command: string, env: NodeJS.ProcessEnv) =>
  run(command, ['run', '--rm', '--network', 'none', 'driver', 'cat', '/built-for'], { env })

/** By the beginning of a block. */
const uses: Readonly<Record<string, () => Use>> = {
  'docker buildx create': () => ({
    title: 'BuildKit in a container takes the layout',
    skip: noTools ?? skipOf('newer docker, classic store'),
    run(block) {
      const env = { ...envOf('newer docker, classic store'), DOCKER_CONFIG: at('docker') }
      // The name of the image that buildx takes. It is built here, because no test needs a registry; buildx uses it if it can't be pulled.
      const image = `'${tools}' image | docker import -c 'ENTRYPOINT ["buildkitd"]' -c 'ENV PATH=/usr/bin' - moby/buildkit:buildx-stable-1`
      sh(image, { env })
      try {
        paste(block, env)
        expect(builtFor('docker', env)).toBe(`${kernel}\n`)
      } finally {
        run('docker', ['buildx', 'rm', 'ddk-builder'], { env })
      }
    },
  }),
  'docker build ': () => ({
    title: "Docker's own builder takes the engine's image",
    skip: skipOf('docker'),
    run(block) {
      // BuildKit gives every step a network, which the test's daemon hasn't.
      const env = { ...envOf('docker'), DOCKER_BUILDKIT: '0' }
      run('docker', ['load', '--input', at('gzip.tar')], { env })
      paste(block, env)
      expect(builtFor('docker', env)).toBe(`${kernel}\n`)
    },
  }),
  'docker buildx build': () => ({
    title: "Docker's own builder with the containerd store takes the layout",
    skip: noTools ?? skipOf('newer docker, containerd store'),
    run(block) {
      const env = { ...envOf('newer docker, containerd store'), DOCKER_CONFIG: at('docker') }
      // The test's daemon has no network.
      paste(block.replace(' build ', ' build --network none '), env)
      expect(builtFor('docker', env)).toBe(`${kernel}\n`)
    },
  }),
  'podman build': () => ({
    title: 'Podman takes the layout',
    skip: skipOf('podman'),
    run(block) {
      paste(block, envOf('podman'))
      expect(builtFor('podman', envOf('podman'))).toBe(`${kernel}\n`)
    },
  }),
  'buildah build': () => ({
    title: 'Buildah takes the layout',
    skip: noBuilders ?? skipOf('podman'),
    run(block) {
      paste(block, envOf('podman'))
      expect(builtFor('podman', envOf('podman'))).toBe(`${kernel}\n`)
    },
  }),
  'container=$(buildah from': () => ({
    title: 'Buildah makes a container of the layout',
    skip: noBuilders ?? skipOf('podman'),
    run: (block) => expect(paste(block, envOf('podman'))).toContain(`${kernel}\n`),
  }),
  'skopeo copy oci:ddk docker://': () => ({
    title: 'Skopeo copies the layout to a registry, with its digest',
    skip: noBuilders ?? noRegistry,
    async run(block) {
      const registry = await startRegistry()
      try {
        mkdirSync(at('.config/containers'), { recursive: true })
        writeFileSync(at('.config/containers/registries.conf'), `[[registry]]\nlocation = "${registry.host}"\ninsecure = true\n`)
        const env = { ...process.env, HOME: dir }
        paste(block.replace('ghcr.io', registry.host), env)
        const manifest = run('skopeo', ['inspect', '--raw', `docker://${registry.host}/acme/private/xenserver-ddk:6.5.0`], { env })
        expect(`sha256:${createHash('sha256').update(manifest).digest('hex')}`).toBe(made.ociLayout.manifestDigest)
      } finally {
        await registry.stop()
      }
    },
  }),
  'skopeo copy oci:ddk docker-archive:': () => ({
    title: 'Skopeo makes an archive for any Docker, with the same image',
    skip: noBuilders ?? skipOf('docker'),
    run(block) {
      const env = envOf('docker')
      expect(paste(block, env, makeProject('gzip'))).toContain(`Loaded image: ${made.image}`)
      expect(run('docker', ['image', 'inspect', '--format', '{{.Id}}', made.image], { env }).trim()).toBe(made.digest)
    },
  }),
  'umoci unpack': () => ({
    title: 'Umoci unpacks the layout of gzip',
    skip: noBuilders ?? noRoot,
    run(block) {
      const project = makeProject('gzip')
      paste(block, process.env, project)
      expect(existsSync(join(project, 'bundle/rootfs/etc/redhat-release'))).toBe(true)
    },
  }),
  'apptainer build': () => ({
    title: 'Apptainer makes an image of the layout',
    skip: noTools,
    run(block) {
      const project = makeProject()
      const said = run(tools, ['run', 'bash', '-euo', 'pipefail', '-c', block], { cwd: project, env: { ...process.env, HOME: project } })
      expect(lastLine(said)).toBe(kernel)
    },
  }),
}

const withUse = blocks.map((block) => {
  const [, use] = Object.entries(uses).find(([beginning]) => block.startsWith(beginning)) ?? []
  return { block, use }
})

test('every block of lines has a test, and every test a block', () => {
  expect(withUse.filter(({ use }) => use === undefined).map(({ block }) => block)).toEqual([])
  expect(new Set(withUse.map(({ use }) => use)).size).toBe(Object.keys(uses).length)
  expect(dockerfile).toContain('FROM')
})

describe('the lines of docs/builders.md work as they stand', () => {
  for (const { block, use } of withUse) {
    if (!use) continue
    const { title, skip, run: execute } = use()
    unless(skip).test(title, async () => execute(block))
  }
})
