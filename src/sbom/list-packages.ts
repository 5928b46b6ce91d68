import { UserError } from '../bytes/errors.ts'
import type { Engine, Image } from '../engine/engine.ts'
import { labelPrefix } from '../image/config/labels.ts'
import type { Finished } from '../programs/finished.ts'
import { parsePackages, queryFormat } from './rpm-output.ts'
import type { RpmPackage } from './rpm-package.ts'

/** Seconds. With QEMU's emulation, or a database of thousands of packages, some are normal. */
const patience = 120

/** Label of the container in which rpm runs. */
const label = `${labelPrefix}.packages=true`

/**
 * Lists the packages that are installed in an image by its own rpm, in a container without a network, because only that rpm reads its
 * database for certain: Berkeley DB, ndb or sqlite.
 * @throws UserError if the image has no rpm or it fails, or if it lists no package; the reason of the job's end
 */
export async function listPackages(engine: Engine, image: Image): Promise<RpmPackage[]> {
  const finished = await runRpm(engine, image)
  if (finished.code !== 0) throw failure(engine, finished)
  return parsePackages(finished.stdout)
}

async function runRpm(engine: Engine, image: Image): Promise<Finished> {
  const args = [
    ...['create', '--pull=never', '--rm', '--label', label, '--network', 'none', '--stop-signal', 'KILL'],
    // Docker otherwise assumes the host's platform. Podman would look for another image.
    ...(engine.name === 'docker' ? ['--platform', image.platform] : []),
    // The image's own entrypoint is for builds.
    ...['--entrypoint', 'rpm', image.id, '-qa', '--queryformat', queryFormat],
  ]
  const created = await engine.call(args, { deadline: 'change' })
  if (created.code !== 0) return created
  const container = created.stdout.trim()
  try {
    return await engine.follow(container, patience)
  } finally {
    // In case it hangs, or never started.
    await engine.call(['rm', '--force', container], { deadline: 'change', evenIfCancelled: true })
  }
}

function failure({ name }: Engine, { code, lastWord, timedOut }: Finished): UserError {
  const what = timedOut && lastWord === '' ? `it didn't end within ${patience} seconds` : lastWord || `it ended with exit code ${code}`
  const noRpm = /"?rpm"?:? .*(?:not found|no such file)/i.test(lastWord)
  return new UserError(
    noRpm
      ? 'The packages of the image can\'t be listed: it has no rpm in its PATH; leave out the input "sbom" to go on without it'
      : `The packages of the image can't be listed: its rpm fails in a container of ${name} (${what}); leave out the input "sbom" to go on without it`,
    'packages',
  )
}
