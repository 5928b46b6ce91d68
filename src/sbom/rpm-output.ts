import { UserError } from '../bytes/errors.ts'
import { oneLine, shortLine } from '../bytes/text.ts'
import { keyPackage } from '../disk/root/rpm-database/index.ts'
import { inOrder, type RpmPackage } from './rpm-package.ts'

const tags = ['NAME', 'EPOCH', 'VERSION', 'RELEASE', 'ARCH', 'LICENSE', 'VENDOR']

/**
 * For `rpm --queryformat`: a line for each package, a tab between the values, and nothing for a tag that a package doesn't have. Without the
 * condition, rpm would print `(none)`. rpm 4.4 (CentOS 5) knows all of this.
 */
export const queryFormat = `${tags.map((tag) => `%|${tag}?{%{${tag}}}|`).join('\\t')}\\n`

/** What engines keep of a program's output is limited to 16 MiB. A DDK's list has less than 100 kB. */
const maxOutput = 8 << 20

/**
 * Reads what rpm prints for `queryFormat`. The program and its database are from an ISO, so they may print anything.
 * @returns the packages in order, without keys
 * @throws UserError if it isn't a list of packages, or has no package
 */
export function parsePackages(output: string): RpmPackage[] {
  if (output.length > maxOutput) throw unusable(`prints more than ${maxOutput >> 20} MiB`)
  const lines = output.split('\n')
  if (lines.pop() !== '') throw unusable('ends in the middle of a line')
  const packages = lines.map(parseLine).filter(({ name }) => name !== keyPackage)
  if (packages.length === 0) throw unusable('lists no package')
  return inOrder(packages)
}

function parseLine(line: string): RpmPackage {
  const values = line.split('\t')
  const [name = '', epoch = '', version = '', release = '', architecture = '', license = '', vendor = ''] = values
  const needed = name === keyPackage ? [name, version, release] : [name, version, release, architecture]
  if (
    values.length !== tags.length ||
    // The lists are shown by later steps, whose output must have no terminal controls and no commands for the runner.
    values.some((value) => oneLine(value) !== value) ||
    !needed.every((value) => /^\S+$/.test(value)) ||
    !/^\d*$/.test(epoch)
  ) {
    throw unusable(`prints ${JSON.stringify(shortLine(line))}, which describes no package`)
  }
  return { name, ...(epoch && { epoch }), version, release, architecture, ...(license && { license }), ...(vendor && { vendor }) }
}

function unusable(what: string): UserError {
  return new UserError(
    `The packages of the image can't be listed: its rpm ${what}; leave out the input "sbom" to go on without it`,
    'packages',
  )
}
