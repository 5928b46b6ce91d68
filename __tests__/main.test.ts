import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { makeDdkIso } from './fixtures/ddk-iso.ts'
import { makeSmallRoot } from './fixtures/small-root.ts'
import { loadBerkeleyDb, recordPackages, recordsOf } from './sbom/rpm-root.ts'
import { startCacheService } from './support/cache-service.ts'
import { bundle } from './support/cli.ts'
import { callsOf, fakeDocker } from './support/fake-docker.ts'
import { makeRunner, type Runner } from './support/runner.ts'
import { run, sh } from './support/tools.ts'

// The bundle, started as the runner starts it, with an ISO that is on the machine.

let dir = ''
let iso = ''
let isoSha256 = ''
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-main-'))
  bundle(join(dir, 'dist'))
  sh(`cp -r matchers '${dir}'`)
  iso = join(dir, 'ddk.iso')
  await makeDdkIso({ iso })
  isoSha256 = run('sha256sum', [iso]).split(' ')[0]!
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/** A descriptor in a manifest. */
interface Typed {
  readonly mediaType: string
}

let runner: Runner
beforeEach(() => {
  runner = makeRunner(dir, join(dir, 'dist/main.cjs'))
})

describe('without an engine', () => {
  test('the image is left as an archive, with everything said about it', async () => {
    const ended = await runner.main({ iso, engine: 'none', 'xenserver-version': '6.5', 'iso-sha256': isoSha256.toUpperCase() })
    expect([ended.code, ended.stdout]).toEqual([0, expect.stringContaining('::group::Make the image')])
    // To do without an engine was asked for, so nobody need be told.
    expect(ended.stdout).not.toMatch(/::(notice|warning|debug)::/)
    const outputs = runner.outputs()
    expect(outputs).toEqual({
      image: 'xenserver-ddk:6.5.0-90233c',
      'image-id': expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      'image-digest': expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      archive: expect.stringContaining(runner.temp),
      'oci-layout': '',
      'xenserver-version': '6.5.0',
      'build-number': '90233c',
      'kernel-version': '3.10.0+2',
      architecture: 'x86_64',
      'iso-sha256': isoSha256,
      'iso-path': iso,
      'cache-hit': 'false',
      source: 'file',
      'cache-key': expect.stringContaining(isoSha256),
      packages: '',
    })
    expect(runner.summary()).toContain('### XenServer DDK 6.5.0-90233c')
    expect((await runner.post()).code).toBe(0)
    expect(readdirSync(runner.temp).map((name) => join(runner.temp, name))).toEqual([outputs.archive])
    const labels = JSON.parse(run('skopeo', ['inspect', `docker-archive:${outputs.archive}`])).Labels
    expect(labels['org.opencontainers.image.version']).toBe('6.5.0-90233c')
  })

  test('a step that wants the shell is told why there is none', async () => {
    const bin = mkdtempSync(join(dir, 'bin-'))
    const denied = 'permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock'
    writeFileSync(join(bin, 'docker'), `#!/bin/sh\necho '${denied}' >&2\nexit 1\n`, { mode: 0o755 })
    writeFileSync(join(bin, 'podman'), '#!/bin/sh\necho "Error: no subuid ranges" >&2\nexit 125\n', { mode: 0o755 })
    runner = makeRunner(dir, join(dir, 'dist/main.cjs'), { PATH: `${bin}:${process.env.PATH}` })
    const { code, stdout } = await runner.main({ iso, engine: 'auto' })
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/::notice::No container engine can be used here.*ddk\.sh can't run.*permission denied/),
    ])
    expect(stdout).toContain('No step can run with "shell: ddk.sh {0}"')
    expect(stdout).not.toContain('::add-matcher')
    expect(runner.summary()).not.toContain('shell: ddk.sh')
    const step = spawnSync(join(runner.path()[0]!, 'ddk.sh'), ['/dev/null'], { encoding: 'utf8' })
    expect([step.status, step.stdout]).toEqual([125, ''])
    expect(step.stderr).toContain('::error::ddk.sh: there is no container engine to run steps: ')
    expect(step.stderr).toContain(denied)
    expect(step.stderr).toContain('no subuid ranges')
    expect((await runner.post()).code).toBe(0)
    expect(existsSync(runner.path()[0]!)).toBe(false)
  })

  test.each([
    ['an archive', {}],
    ['an OCI layout', { 'oci-layout': 'layout' }],
    ['an archive', { 'oci-layout': 'layout', archive: 'image.tar' }],
  ])('if none can be used, a notice says that the image is left as %s: %j', async (result, inputs) => {
    const bin = mkdtempSync(join(dir, 'bin-'))
    for (const name of ['docker', 'podman']) writeFileSync(join(bin, name), `#!/bin/sh\necho 'no ${name}' >&2\nexit 1\n`, { mode: 0o755 })
    runner = makeRunner(dir, join(dir, 'dist/main.cjs'), { PATH: `${bin}:${process.env.PATH}`, DOCKER_HOST: '' })
    const { code, stdout } = await runner.main({ iso, ...inputs })
    expect([code, stdout.match(/^::notice::No container .*/gm)]).toEqual([
      0,
      [
        expect.stringMatching(
          new RegExp(
            `so the image is left as ${result} and ddk\\.sh can't run: [^;]*docker[^;]*no docker[^;]*; [^;]*podman[^;]*no podman[^;]*$`,
          ),
        ),
      ],
    ])
  })

  test('a layout that is asked for is the only result, unless an archive has a path as well', async () => {
    const archive = join(runner.workspace, 'image.tar')
    for (const inputs of [{ archive: '' }, { archive }]) {
      const ended = await runner.main({ iso, engine: 'none', 'oci-layout': 'new/layout', 'layer-compression': 'gzip', ...inputs })
      expect(ended.stdout).not.toContain('compressed with zstd')
      expect([ended.code, ended.stdout]).toEqual([0, expect.stringContaining('::group::Write the OCI layout')])
      const layout = join(runner.workspace, 'new/layout')
      expect(runner.outputs()).toMatchObject({ 'oci-layout': layout, archive: inputs.archive })
      expect(JSON.parse(run('skopeo', ['inspect', '--raw', `oci:${layout}`])).layers.map(({ mediaType }: Typed) => mediaType)).toEqual(
        Array(2).fill('application/vnd.oci.image.layer.v1.tar+gzip'),
      )
      expect((await runner.post()).code).toBe(0)
      expect(readdirSync(runner.temp)).toEqual([])
    }
    expect(runner.summary()).toContain('<code>xenserver-ddk&#58;6.5.0-90233c</code> is an OCI layout')
    expect(run('skopeo', ['inspect', '--raw', `oci-archive:${archive}`])).toBe(
      run('skopeo', ['inspect', '--raw', `oci:${join(runner.workspace, 'new/layout')}`]),
    )
  })

  test('a layout is not written over what is not one, and nothing is made before that is known', async () => {
    writeFileSync(join(runner.workspace, 'Makefile'), '')
    mkdirSync(join(runner.workspace, 'src'))
    writeFileSync(join(runner.workspace, 'src/main.c'), '')
    const { code, stdout } = await runner.main({ iso, engine: 'none', 'oci-layout': 'src' })
    expect([code, stdout]).toEqual([
      1,
      expect.stringMatching(
        /^::error::Input "oci-layout": \S+\/src: it isn't replaced, because it is no OCI layout: it contains "main.c"/m,
      ),
    ])
    expect(stdout).not.toContain('::group::')
  })

  test('the archive is written to the given path', async () => {
    runner = makeRunner(dir, join(dir, 'dist/main.cjs'), { RUNNER_DEBUG: '1' })
    const archive = join(runner.workspace, 'new folder', 'image.tar')
    const { code, stdout } = await runner.main({ iso, engine: 'none', archive, image: 'vendor/ddk:mine' })
    expect(code).toBe(0)
    for (const line of [`The archive ${archive} is kept`, 'Key in an engine: ']) expect(stdout).toContain(`\n::debug::${line}`)
    expect(runner.outputs()).toMatchObject({ archive, image: 'vendor/ddk:mine' })
    expect(existsSync(archive)).toBe(true)
    await runner.post()
    expect(readdirSync(runner.temp)).toEqual([])
  })
})

describe('with an engine', () => {
  /** Starts a step whose engine keeps the archives that it loads. */
  async function start(inputs: Record<string, string>, extra = '') {
    const bin = mkdtempSync(join(dir, 'bin-'))
    fakeDocker(bin, `if [ $1 = load ]; then cat >archive; exec <archive; fi\n${extra}`)
    runner = makeRunner(dir, join(dir, 'dist/main.cjs'), { PATH: `${bin}:${process.env.PATH}`, DOCKER_HOST: '' })
    return { bin, ...(await runner.main({ iso, engine: 'docker', cache: 'none', image: 'a:1', ...inputs })) }
  }
  async function step(inputs: Record<string, string> = {}, extra = '') {
    const { bin, code, stdout } = await start(inputs, extra)
    expect([code, stdout]).toEqual([0, expect.anything()])
    const [own] = readdirSync(runner.temp).filter((name) => name !== 'xenserver-ddk-shells')
    return { stdout, archive: join(bin, 'archive'), own: readdirSync(join(runner.temp, own!)) }
  }
  const layersOf = (archive: string): string[] => JSON.parse(run('tar', ['-xOf', archive, 'manifest.json']))[0].Layers
  /** The first bytes of each layer, in hexadecimal. */
  const beginnings = (archive: string) =>
    layersOf(archive).map((layer) => sh(`tar -xOf '${archive}' '${layer}' | od -An -tx1`).slice(1, 12))
  const zstd = '28 b5 2f fd'

  test('the archive is removed once it is loaded; its layers are not compressed, since the engine unpacks them at once', async () => {
    const { own, archive } = await step()
    expect(own.filter((name) => name.endsWith('.tar'))).toEqual([])
    expect(beginnings(archive)).not.toContain(zstd)
  })

  test("the step's own folder is closed to other users", async () => {
    await step()
    const own = readdirSync(runner.temp).filter((name) => name !== 'xenserver-ddk-shells')
    expect(own.map((name) => statSync(join(runner.temp, name)).mode & 0o777)).toEqual([0o700])
  })

  test('an image from the Actions cache that the engine does not load is made again', async () => {
    const service = await startCacheService()
    try {
      const first = makeRunner(dir, join(dir, 'dist/main.cjs'), service.env.v2)
      expect((await first.main({ iso, engine: 'none', cache: 'image' })).code).toBe(0)
      expect(first.summary()).toContain("<td>didn't have the image; the image is saved for the next run</td>")
      expect((await first.post()).stdout).toMatch(
        /^::group::Save for the next run\n[\s\S]*^Saved the image to .*\n::endgroup::\nThe Actions cache has everything for the next run \(.* s\)\n$/m,
      )
      const refusal = 'if [ $1 = load ] && [ $(grep -c ^load calls) = 1 ]; then cat >/dev/null; echo "EOF" >&2; exit 1; fi'
      const bin = mkdtempSync(join(dir, 'bin-'))
      fakeDocker(bin, refusal)
      const env = { ...service.env.v2, PATH: `${bin}:${process.env.PATH}`, DOCKER_HOST: '' }
      runner = makeRunner(dir, join(dir, 'dist/main.cjs'), env)
      // With a compression that is asked for, no layer is imported.
      const inputs = { iso, engine: 'docker', cache: 'image', image: 'a:1', 'layer-compression': 'gzip' }
      const { code, stdout } = await runner.main(inputs)
      expect([code, stdout]).toEqual([
        0,
        expect.stringMatching(/^The image from the Actions cache is ignored: docker couldn't load .*: EOF$/m),
      ])
      expect(runner.outputs()).toMatchObject({ source: 'file', 'image-id': first.outputs()['image-id'] })
      // It is there already, which is as good.
      expect((await runner.post()).stdout).toContain('The Actions cache has everything for the next run')
    } finally {
      await service.close()
    }
  })

  test('an archive with a path is kept, and compressed', async () => {
    const kept = join(dir, 'with-engine.tar')
    const { stdout, archive } = await step({ archive: kept })
    expect(readFileSync(kept).equals(readFileSync(archive))).toBe(true)
    expect(beginnings(kept)).toEqual([zstd, zstd])
    expect(stdout).toContain(`${kept} has layers that are compressed with zstd: to load it takes Docker 23 or later, or Podman`)
  })

  /** An engine that describes the image that it has loaded, so that a later job finds it. */
  const describesLoaded = `if [ "$1" = image ] && [ -e loaded ]; then
    case "$*" in *'{{'*) ;; *)
      config=$(tar -xOf archive blobs/sha256/$(cat loaded))
      labels=$(echo "$config" | sed 's/.*"Labels":\\({[^}]*}\\).*/\\1/')
      layers=$(echo "$config" | sed 's/.*"diff_ids":\\(\\[[^]]*\\]\\).*/\\1/')
      printf '[{"Id":"sha256:%s","RepoTags":["a:1"],"Os":"linux","Architecture":"amd64","Config":{"Labels":%s},"RootFS":{"Layers":%s}}]' \\
        "$(cat loaded)" "$labels" "$layers"
      exit ;;
    esac
  fi`

  test('the packages on the disk are counted in the summary, also if the Actions cache or the engine has the image', async () => {
    const [withRpms, root] = [join(dir, 'with-rpms.iso'), join(dir, 'root-with-rpms')]
    makeSmallRoot(root)
    const tags = { Version: '1', Release: '1', License: 'MIT' }
    recordPackages(join(dir, 'rpms'), [
      { ...tags, Name: 'bash' },
      { ...tags, Name: 'zlib' },
      { ...tags, Name: 'gpg-pubkey' },
    ])
    loadBerkeleyDb(join(root, 'var/lib/rpm/Packages'), recordsOf(join(dir, 'rpms'), { copies: 206 }))
    await makeDdkIso({ iso: withRpms, root })
    const service = await startCacheService()
    try {
      const none = { iso: withRpms, engine: 'none', cache: 'image' }
      const summaries: string[] = []
      for (const source of ['file', 'cache']) {
        const machine = makeRunner(mkdtempSync(join(dir, 'machine-')), join(dir, 'dist/main.cjs'), service.env.v2)
        expect((await machine.main(none)).code).toBe(0)
        expect(machine.outputs()).toMatchObject({ source })
        await machine.post()
        summaries.push(machine.summary())
      }
      await step({ iso: withRpms }, describesLoaded)
      const later = runner.nextJob()
      expect((await later.main({ iso: withRpms, engine: 'docker', cache: 'none', image: 'a:1' })).code).toBe(0)
      expect(later.outputs()).toMatchObject({ source: 'engine' })
      summaries.push(runner.summary(), later.summary())
      expect(summaries).toEqual(Array(4).fill(expect.stringContaining('<td>412 RPMs</td>')))
      for (const job of [runner, later]) await job.post()
    } finally {
      await service.close()
    }
  })

  describe('a bill of materials', () => {
    /** An engine in whose containers of the image rpm prints this. */
    const rpmPrints = (text: string) =>
      `case "$*" in create*'--entrypoint rpm'*) echo rpms; exit ;; 'start --attach rpms') printf '${text}'; exit ;; esac`
    const bash = 'bash\\t\\t3.2\\t32.el5\\ti386\\tGPLv2+\\tCentOS\\n'

    test('has what rpm lists, and the DDK; the list stays until the post step', async () => {
      const sbom = join(dir, 'new folder', 'ddk.cdx.json')
      const { stdout } = await step({ sbom }, rpmPrints(bash))
      expect(stdout).toContain(`${sbom}, 1 packages`)
      const { metadata, components } = JSON.parse(readFileSync(sbom, 'utf8'))
      const properties = Object.fromEntries(metadata.component.properties.map(({ name, value }: Record<string, string>) => [name, value]))
      expect(properties).toMatchObject({
        'io.github.xenserver-ddk-action.iso-sha256': isoSha256,
        'io.github.xenserver-ddk-action.image-id': runner.outputs()['image-id'],
      })
      expect(components).toMatchObject([{ name: 'bash', purl: 'pkg:rpm/centos/bash@3.2-32.el5?arch=i386&distro=xenserver-ddk-6.5.0' }])
      const { packages } = runner.outputs()
      expect(readFileSync(packages!, 'utf8')).toBe('bash-0:3.2-32.el5.i386\n')
      expect(runner.summary()).toContain('<td>1 RPMs</td>')
      await runner.post()
      expect([existsSync(packages!), existsSync(sbom)]).toEqual([false, true])
    })

    test('is counted in the summary of a later job as well, whose image is in the engine; so is what the image is based on', async () => {
      const root = join(dir, 'root-with-glibc')
      makeSmallRoot(root)
      writeFileSync(join(root, 'lib', 'libc-2.5.so'), '')
      const glibc = join(dir, 'glibc.iso')
      await makeDdkIso({ iso: glibc, root })
      await step({ iso: glibc, sbom: join(dir, 'first.cdx.json') }, `${rpmPrints(bash)}\n${describesLoaded}`)
      const later = runner.nextJob()
      expect((await later.main({ iso: glibc, engine: 'docker', cache: 'none', image: 'a:1' })).code).toBe(0)
      expect(later.outputs()).toMatchObject({ source: 'engine', 'image-id': runner.outputs()['image-id'], packages: '' })
      for (const row of ['<td>1 RPMs</td>', '<td>glibc 2.5</td>'])
        expect([runner.summary(), later.summary()]).toEqual(Array(2).fill(expect.stringContaining(row)))
      for (const job of [runner, later]) await job.post()
    })

    test('fails the step if no container can run', async () => {
      const sbom = join(dir, 'unsound.cdx.json')
      const { code, stdout } = await start({ sbom }, unsound)
      expect([code, stdout]).toEqual([
        1,
        expect.stringMatching(
          /^::error::The packages .*, and no container of the image can run on this machine, as the warning above says; /m,
        ),
      ])
      expect([existsSync(sbom), runner.outputs()]).toEqual([false, {}])
    })

    test('can not be made without an engine, which is known before anything is made', async () => {
      const { code, stdout } = await runner.main({ iso, engine: 'none', sbom: join(dir, 'ddk.cdx.json') })
      expect([code, stdout.match(/^::group::.*/gm)]).toEqual([1, ['::group::Find a container engine']])
      expect(stdout).toContain("::error::The packages of the image can't be listed: ")
    })

    test('of a job that is cancelled meanwhile fails the step, which has no outputs then', async () => {
      const sbom = join(dir, 'cancelled.cdx.json')
      // Main starts `timeout`, which starts the engine.
      const cancel = `case "$*" in rm*rpms) kill -INT $(cut -d ' ' -f 4 /proc/$PPID/stat); sleep 0.2 ;; esac`
      const { code, stdout } = await start({ sbom }, `${cancel}\n${rpmPrints(bash)}`)
      expect([code, stdout]).toEqual([1, expect.stringContaining('::error::Cancelled (SIGINT)')])
      expect(runner.outputs()).toEqual({})
      expect(runner.summary()).toBe('')
    })

    test('fails the step if there is no list', async () => {
      const sbom = join(dir, 'none.cdx.json')
      const { code, stdout } = await start({ sbom }, rpmPrints(''))
      expect([code, stdout]).toEqual([
        1,
        expect.stringMatching(/^::error::The packages .* lists no package; .*#the-packages-cant-be-listed$/m),
      ])
      expect([existsSync(sbom), runner.outputs()]).toEqual([false, {}])
    })
  })

  test('a layout has the layers of the image that was loaded', async () => {
    const layout = join(dir, 'layout-with-engine')
    const { archive, own, stdout } = await step({ 'oci-layout': layout })
    expect(stdout).not.toContain('compressed with zstd')
    expect(layersOf(archive)).toEqual(
      JSON.parse(run('skopeo', ['inspect', '--raw', `oci:${layout}`])).layers.map(
        ({ digest }: { digest: string }) => `blobs/sha256/${digest.slice(7)}`,
      ),
    )
    expect(beginnings(archive)).toEqual([zstd, zstd])
    expect(own.filter((name) => name.endsWith('.tar'))).toEqual([])
  })

  test('the log has a group for each part of the step, in the order in which they begin', async () => {
    const rpm = `case "$*" in create*'--entrypoint rpm'*) echo rpms; exit ;; 'start --attach rpms') printf 'a\\t\\t1\\t1\\ti386\\tBSD\\tCentOS\\n'; exit ;; esac`
    const { stdout } = await step({ sbom: join(dir, 'groups.cdx.json'), 'oci-layout': join(dir, 'groups-layout') }, rpm)
    expect([...stdout.matchAll(/^::group::(.*)$/gm)].map(([, title]) => title)).toEqual([
      'Find a container engine',
      'Identify the ISO',
      'Look for the image',
      'Make the image',
      'Load the image into docker',
      'Write the OCI layout',
      'Set up ddk.sh',
      'List the packages',
    ])
  })

  test('what the post step can not remove is one line each, and it removes the rest', async () => {
    const { bin, code } = await start({})
    expect(code).toBe(0)
    fakeDocker(bin, 'echo "Error: no daemon" >&2; exit 1')
    const post = await runner.post()
    expect([post.code, post.stderr]).toEqual([0, ''])
    expect(post.stdout.split('\n').filter((line) => line.includes('no daemon'))).toEqual([
      "docker couldn't list the containers of ddk.sh: Error: no daemon",
      "Cleaning up failed: docker couldn't look for imported layers: Error: no daemon",
    ])
    expect(post.stdout).toContain('::remove-matcher ')
    expect(readdirSync(runner.temp)).toEqual([])
  })

  const unsound = 'case $1 in exec) exit 1 ;; start) if [ $2 = --attach ]; then exit 139; fi ;; esac'

  test('an image in which no step can run is there all the same, with a warning', async () => {
    const { stdout } = await step({}, unsound)
    expect(stdout.match(/^::warning::.*/gm)).toEqual([
      expect.stringMatching(/^::warning::Steps with "shell: ddk\.sh \{0\}" can't run: .* signal 11 .*#steps-with-shell-ddksh-cant-run$/),
    ])
    expect(stdout).toContain('No step can run with "shell: ddk.sh {0}"')
    expect(stdout).not.toContain('::add-matcher')
    expect(runner.summary()).not.toContain('shell: ddk.sh')
    expect(runner.outputs()).toMatchObject({ image: 'a:1' })
    expect((await runner.post()).stdout).not.toContain('::remove-matcher')
  })

  test('an imported layer that the engine does not remove is a line, and the post step tries it again', async () => {
    const { stdout, bin } = await start({}, 'if [ $1 = images ] && [ -e loaded ]; then echo "Error: it is busy" >&2; exit 1; fi')
    expect(stdout).toContain("docker couldn't look for imported layers: Error: it is busy\n")
    expect(runner.outputs()).toMatchObject({ image: 'a:1' })
    fakeDocker(bin)
    const before = callsOf(bin)
    expect((await runner.post()).stdout).not.toContain('Cleaning up failed')
    expect(callsOf(bin).slice(before.length)).toContain(before.findLast((call) => call.startsWith('images')))
  })

  test('problem matchers are registered, and the post step removes them', async () => {
    const { stdout } = await step({}, 'if [ $1 = ps ]; then echo container; fi')
    expect(stdout).toContain(`\n::add-matcher::${join(dir, 'matchers', 'ddk-problem-matcher.json')}\n`)
    const owners = JSON.parse(readFileSync('matchers/ddk-problem-matcher.json', 'utf8')).problemMatcher as { owner: string }[]
    expect(owners.length).toBeGreaterThan(0)
    // Everything that is said later is no compiler's output.
    expect((await runner.post()).stdout.split('\n').slice(0, -1)).toEqual([
      'Removed the container of ddk.sh',
      ...owners.map(({ owner }) => `::remove-matcher owner=${owner}::`),
      '::group::Save for the next run',
      '::endgroup::',
      expect.stringMatching(/^There was nothing to save to the Actions cache \(/),
    ])
  })
})
