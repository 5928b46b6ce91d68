import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Engine, Image } from '../engine/engine.ts'
import type { Finished } from '../programs/finished.ts'
import { hostOptions, mount, neverPull, shellLabel } from './container.ts'

/** What is known about this machine. */
export interface Host {
  /** In Node's notation: `x64`, `arm64`. */
  readonly arch: string
  /** Content of /proc/self/maps; empty if it doesn't exist. */
  readonly maps: string
}

/** Seconds. A program that takes longer hangs; with QEMU's emulation, a few seconds are normal. */
const patience = 120

/** Exit code if the program doesn't find the file. */
const notFound = 99

/**
 * Runs a program of the image in a container with `folder` mounted, as the steps' container will have it.
 * @param folder a writable folder of the runner: RUNNER_TEMP, or the workspace
 * @returns a sentence that says why steps can't run in the image and what to do; undefined if they can
 */
export async function checkFirstUse(engine: Engine, image: Image, folder: string, host: Host = thisHost()): Promise<string | undefined> {
  const probe = mkdtempSync(join(folder, 'xenserver-ddk-probe-'))
  try {
    writeFileSync(join(probe, 'file'), '')
    const finished = await tryProgram(engine, image, probe)
    return finished.code === 0 ? undefined : explain(finished, engine, image, host, folder)
  } finally {
    rmSync(probe, { recursive: true, force: true })
  }
}

async function tryProgram(engine: Engine, image: Image, probe: string): Promise<Finished> {
  const args = [
    ...['create', ...neverPull, '--rm', '--label', `${shellLabel}=probe`, '--network', 'none', '--stop-signal', 'KILL'],
    ...hostOptions(engine, image),
    ...mount(probe),
    ...[image.id, '/bin/sh', '-c', `[ -e "$1" ] || exit ${notFound}`, 'sh', join(probe, 'file')],
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

/** Explains how a program of the image failed. */
function explain(finished: Finished, engine: Engine, image: Image, host: Host, folder: string): string {
  const { code, lastWord, timedOut } = finished
  if (code === notFound || /bind source path does not exist|statfs .*no such file/i.test(lastWord)) {
    return (
      `${engine.name} doesn't see this runner's files in ${folder}, so steps can't run in the DDK: its daemon is on another machine or in another container; ` +
      'use a daemon on the machine that runs the job, or give both the same folders at the same paths'
    )
  }
  if (/no space left on device/i.test(lastWord)) {
    return `${engine.name} has no space for a container of the DDK; free some on the disk of its data folder (${lastWord})`
  }
  if (/exec format error/i.test(lastWord)) return noSuchProcessor(image, host)
  if (code === 139) return diesOfSignal11(host)
  if (timedOut && lastWord === '') return `a container of the DDK didn't end within ${patience} seconds, so steps may hang as well`
  return `a container of the DDK can't run: ${lastWord || `its shell ended with exit code ${code}`}`
}

function noSuchProcessor({ platform }: Image, { arch }: Host): string {
  if (arch === 'x64' || arch === 'ia32') {
    return `this kernel can't run the DDK's programs (${platform}): boot it without ia32_emulation=off, or use one that has CONFIG_IA32_EMULATION`
  }
  return (
    `this machine's processor (${arch}) can't run the DDK's programs (${platform}): use an x86_64 runner, ` +
    "or install QEMU's emulation first, for example by docker/setup-qemu-action"
  )
}

/** glibc before 2.14 calls time() and gettimeofday() in the vsyscall page. */
function diesOfSignal11({ maps }: Host): string {
  if (maps !== '' && !maps.includes('[vsyscall]')) {
    return (
      "the DDK's programs crash with signal 11 (exit code 139): they need the vsyscall page, which this kernel doesn't have; " +
      'boot the machine with the kernel parameter vsyscall=emulate'
    )
  }
  return "the DDK's programs crash with signal 11 (exit code 139) on this machine's kernel; use another runner"
}

function thisHost(): Host {
  return { arch: process.arch, maps: readMaps() }
}

function readMaps(): string {
  try {
    return readFileSync('/proc/self/maps', 'latin1')
  } catch {
    return ''
  }
}
