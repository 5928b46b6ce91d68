import { realpathSync } from 'node:fs'
import type { Engine, Image } from '../engine/engine.ts'
import { labelPrefix } from '../image/config/labels.ts'
import { type Mount, propagations, type ShellUser } from './options.ts'

/** Label of every container that runs a job's steps. Its value is the ID of one installation of the shell. */
export const shellLabel = `${labelPrefix}.shell`

/** What the user wants of the container. */
export interface ContainerRequest {
  readonly user: ShellUser
  readonly volumes: readonly Mount[]
  readonly network?: string
  readonly runOptions: readonly string[]
}

/** Properties of the container. */
export interface ContainerOptions extends ContainerRequest {
  readonly engine: Engine
  readonly image: Image
}

/** Names and folders of a job's container. */
export interface ContainerPlace {
  readonly id: string
  readonly name: string
  /** Absolute paths to mount at the same paths. */
  readonly folders: readonly string[]
  /** The container ends, and is removed, soon after this file is gone, so that it doesn't outlive a runner that was killed. */
  readonly lifeline: string
  /** Line of /etc/passwd for the user inside the container; empty if none is needed. */
  readonly passwd: string
}

/**
 * PID 1. Like any shell that waits, it reaps processes that steps leave behind. The engines' `--init` would need a program that not every
 * host has.
 */
const keepAlive = `[ -z "$2" ] || echo "$2" >>/etc/passwd
while [ -e "$1" ]; do sleep 60; done`

/** Arguments of the engine's `create`. */
export function createArguments(options: ContainerOptions, place: ContainerPlace): string[] {
  const { engine, image, network } = options
  return [
    ...['--name', place.name, '--label', `${shellLabel}=${place.id}`, '--rm'],
    // PID 1 reacts to no other signal, and writes nothing that would need a graceful shutdown.
    ...['--stop-signal', 'KILL'],
    ...neverPull,
    ...hostOptions(engine, image),
    ...(keepsId(options) ? ['--userns', 'keep-id'] : []),
    ...place.folders.flatMap(mount),
    ...options.volumes.flatMap(volumeOption),
    ...(network === undefined ? [] : ['--network', network]),
    ...options.runOptions,
    // Repeated here, to override `runOptions`, wherever their words end.
    ...neverPull,
    // Use the ID, so that no engine asks a registry.
    image.id,
    ...['/bin/sh', '-c', keepAlive, 'sh', place.lifeline, place.passwd],
  ]
}

/** Whether the runner's user keeps their own UID in a rootless container, in which they are otherwise root. */
export function keepsId({ engine, user }: ContainerOptions): boolean {
  return engine.privileges === 'rootless' && engine.keepsIds && user === 'runner'
}

/** Options that let any container see the host's files unchanged. */
export function hostOptions(engine: Engine, image: Image): string[] {
  return [
    // SELinux would deny access to files without a container label, and these are the runner's own files.
    ...['--security-opt', 'label=disable'],
    // Docker otherwise assumes the host's platform. Podman would look for another image.
    ...(engine.name === 'docker' ? ['--platform', image.platform] : []),
    // Files of a remapped root would belong to nobody.
    ...(engine.privileges === 'remapped' ? ['--userns', 'host'] : []),
  ]
}

/**
 * The image is already here. An extra word in the user's options would otherwise be taken for the name of another image, and looked up in a
 * registry.
 */
export const neverPull = ['--pull=never']

/** Mounts a folder at the same path. */
export function mount(folder: string): string[] {
  return bind(folder, folder, '')
}

/** Unlike `--volume`, `--mount` fails if the daemon has no such folder, instead of creating it, and allows a colon. */
function bind(source: string, target: string, options: string): string[] {
  const fields = ['type=bind', `source=${source}`, `target=${target}`, ...options.split(',').flatMap(mountField)]
  return ['--mount', fields.map((field) => (/[",]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(',')]
}

/** Translates an option of `--volume` into `--mount`'s. SELinux's labels (`z`, `Z`) aren't needed without SELinux. */
function mountField(option: string): string[] {
  if (option === 'ro') return ['readonly']
  return propagations.includes(option) ? [`bind-propagation=${option}`] : []
}

/** The engine creates a mount point that isn't one of the host's folders. */
function volumeOption({ source, target, options }: Mount): string[] {
  return source.startsWith('/') ? bind(source, target, options) : ['--volume', [source, target, options].filter(Boolean).join(':')]
}

/** Pairs of a host path (without symlinks and trailing slash) and the container's path, for everything that is mounted; innermost first. */
export function mountPairs(folders: readonly string[], volumes: readonly Mount[]): string[] {
  const all = [
    ...folders.map((folder) => [folder, folder] as const),
    ...volumes.filter(({ source }) => source.startsWith('/')).map(({ source, target }) => [source, target] as const),
  ]
  const real = all.map(([source, target]) => [withoutSymlinks(source), target] as const)
  return real.sort(([a], [b]) => b.length - a.length).flat()
}

function withoutSymlinks(path: string): string {
  try {
    return realpathSync(path).replace(/\/$/, '')
  } catch {
    return path
  }
}
