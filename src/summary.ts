import { statSync } from 'node:fs'
import * as core from '@actions/core'
import { oneLine } from './bytes/text.ts'
import { haveService } from './cache/process/background.ts'
import type { Engine, Image } from './engine/engine.ts'
import type { Task } from './phase/timeline.ts'
import { bytesText, durationText } from './phase/units.ts'
import { ganttOf } from './report/gantt.ts'
import { tellRunner } from './runner-file.ts'
import type { KnownIso } from './supply/iso/known-iso.ts'
import type { Order } from './supply/order.ts'
import { digestOf, type Supply } from './supply/supply.ts'

/** What a step has done. */
export interface StepReport {
  readonly supply: Supply
  readonly known: KnownIso
  readonly order: Order
  readonly engine: Engine | undefined
  readonly image: Image | undefined
  /** Name of the shell; undefined if no step can run in it. */
  readonly shell: string | undefined
  /** How many RPMs the image's own rpm lists, if it was asked. */
  readonly packages: number | undefined
  /** What is being saved for the next run, e.g. `the image`. */
  readonly saving: readonly string[]
  readonly tasks: readonly Task[]
}

/** Adds to the job's summary: what was made, where it came from, how long that took, and how to use it. */
export async function writeSummary(report: StepReport): Promise<void> {
  // Only the runner sets the file for the summary.
  if (!process.env.GITHUB_STEP_SUMMARY) return
  await tellRunner("the job's summary", () => core.summary.addRaw(summaryOf(report)).write())
}

/** Markdown. Each text from outside is a short cell of an HTML table, so a summary is always small. */
export function summaryOf(report: StepReport): string {
  const { supply, order, engine, tasks } = report
  const { identity } = supply
  const title = [identity.product ?? 'XenServer DDK', [identity.version, identity.build].filter(Boolean).join('-')].join(' ').trimEnd()
  return [
    `### ${escaped(title)}`,
    `${code(supply.name)} is ${engine ? `in ${escaped(`${engine.name} ${engine.version}`)}` : order.keepArchive ? 'an archive' : 'an OCI layout'}. That took ${totalOf(tasks)}.`,
    tableOf(rowsOf(report)),
    folded('Where the time went', fenced('mermaid', ganttOf(tasks))),
    folded('Next steps', fenced('yaml', nextSteps(report))),
    '',
  ].join('\n\n')
}

type Row = readonly [label: string, value: string | undefined]

/** Values are HTML. */
function rowsOf({ supply, order, engine, image, packages, saving }: StepReport): Row[] {
  const { identity, conversion, isoSha256, facts } = supply
  const { kernelVersion, architecture } = identity
  const kernel = [kernelVersion && code(kernelVersion), architecture && escaped(architecture)].filter(Boolean).join(', ')
  const found = conversion?.found
  const userland = found?.userland ?? facts?.userland
  const count = packages ?? conversion?.packages ?? facts?.packages
  const files = conversion && `${escaped(found!.type)}, ${conversion.tar.members} entries, ${bytesText(conversion.tar.contentSize)}`
  const stored = image?.size === undefined ? undefined : `${bytesText(image.size)} in ${escaped(engine!.name)}`
  const id = image?.id ?? supply.archive?.configDigest
  const digest = digestOf(supply, engine, image)
  return [
    ['Kernel', kernel],
    ['Based on', userland && escaped(userland)],
    ['Root filesystem', files ?? stored],
    ['Packages', count === undefined ? undefined : `${count} RPMs`],
    ['Image', id && code(id)],
    ['Manifest', digest && digest !== id ? code(digest) : undefined],
    ['Came from', originText(supply, engine, order.registry?.client.repository.text ?? '')],
    ['ISO', isoSha256 && code(`sha256:${isoSha256}`)],
    ['Actions cache', haveService() ? cacheText(supply, order, saving) : undefined],
  ]
}

/** Where the image came from, and what that saved. */
function originText({ origin, isoPath }: Supply, engine: Engine | undefined, registry: string): string {
  const size = isoPath === undefined ? undefined : statSync(isoPath, { throwIfNoEntry: false })?.size
  const iso = size === undefined ? 'the ISO' : `the ISO (${bytesText(size)})`
  switch (origin) {
    case 'engine':
      return `${escaped(engine!.name)}, which still had it: nothing was downloaded, converted or loaded`
    case 'registry':
      return `${code(registry)}: no ISO was downloaded or converted`
    case 'cache':
      return 'the Actions cache: no ISO was downloaded or converted'
    case 'tool-cache':
      return `${iso} in the runner's tool cache: nothing was downloaded`
    case 'iso-cache':
      return `${iso} in the Actions cache: nothing was downloaded from its server`
    case 'download':
      return `${iso}, which was downloaded`
    case 'file':
      return `${iso} on the runner`
  }
}

function cacheText({ origin }: Supply, { useCache, cacheHealth }: Order, saving: readonly string[]): string {
  const outcomes = [
    origin === 'cache' && 'had the image',
    origin === 'iso-cache' && 'had the ISO, not the image',
    cacheHealth.failing && 'was too slow, so this step went on without it',
    !useCache.restore.image && !useCache.restore.iso && "wasn't asked",
    (origin === 'engine' || origin === 'registry') && "wasn't needed",
  ]
  const outcome = outcomes.find((text) => text) || "didn't have the image"
  return saving.length === 0 ? outcome : `${outcome}; ${listed(saving)} ${saving.length === 1 ? 'is' : 'are'} saved for the next run`
}

function isPinned({ request }: KnownIso): boolean {
  return (request.kind === 'file' ? request.sha256 : request.address.sha256) !== undefined
}

/** What to add to the workflow. Each name in it has been checked, so none has characters that YAML or a shell would interpret. */
function nextSteps({ supply, known, engine, shell, order }: StepReport): string {
  const { name, isoSha256 } = supply
  const steps = [
    ...(shell ? ['- run: make build-rpms        # runs inside the DDK', `  shell: ${shell} {0}`] : []),
    ...(engine ? dockerRun(engine, name) : []),
    ...(!engine && order.keepArchive ? [`- run: docker load --input "\${{ steps.${stepId()}.outputs.archive }}"`] : []),
    ...(order.ociLayout !== undefined ? buildxBuild() : []),
    ...(isPinned(known) || !isoSha256 ? [] : ['', '# To accept no other ISO, below "with:" of the action:', `iso-sha256: ${isoSha256}`]),
  ]
  return steps.join('\n').trimStart()
}

function dockerRun({ name }: Engine, image: string): string[] {
  return ['- run: >-', `    ${name} run --rm --ulimit nofile=1024:4096`, `    -v "$PWD:/src" -w /src ${image} make`]
}

/** For a Dockerfile with `FROM ddk`. */
function buildxBuild(): string[] {
  return ['- run: >-', '    docker buildx build .', `    --build-context "ddk=oci-layout://\${{ steps.${stepId()}.outputs.oci-layout }}"`]
}

/** The `id` of this step, if the workflow gives it one (GitHub, "Variables reference": GITHUB_ACTION). */
function stepId({ GITHUB_ACTION = '' } = process.env): string {
  return /^[A-Za-z][\w-]*$/.test(GITHUB_ACTION) ? GITHUB_ACTION : 'ddk'
}

function totalOf(tasks: readonly Task[]): string {
  return durationText(Math.max(...tasks.map(({ end }) => end)) - Math.min(...tasks.map(({ start }) => start)))
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}

function tableOf(rows: readonly Row[]): string {
  const lines = rows.flatMap(([label, value]) => (value ? [`<tr><th align="left">${label}</th><td>${value}</td></tr>`] : []))
  return ['<table>', ...lines, '</table>'].join('\n')
}

function folded(title: string, content: string): string {
  return `<details><summary>${title}</summary>\n\n${content}\n\n</details>`
}

function fenced(language: string, text: string): string {
  return ['```'.concat(language), text, '```'].join('\n')
}

function code(text: string): string {
  return `<code>${escaped(text)}</code>`
}

/** More than any name that there is. */
const maxCell = 300

/** Escapes also what Markdown would interpret, since it looks into inline HTML. */
function escaped(text: string): string {
  return oneLine(text.slice(0, maxCell)).replace(/[^\p{L}\p{N} ,./-]/gu, (character) => `&#${character.codePointAt(0)};`)
}
