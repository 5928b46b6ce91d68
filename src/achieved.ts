import { statSync } from 'node:fs'
import type { Engine } from './engine/engine.ts'
import { shownUrl } from './http/shown-url.ts'
import type { Achieved } from './log.ts'
import type { WrittenSbom } from './sbom/write-sbom.ts'
import type { KnownIso } from './supply/iso/known-iso.ts'
import type { Pushed } from './supply/registry/to-registry.ts'
import type { Supply } from './supply/supply.ts'

// What each phase has achieved, for the line after its group in the log.

export function engineFound(engine: Engine | undefined): Achieved {
  if (!engine) return { text: 'No container engine, so the image becomes an archive' }
  const { name, command, version, store } = engine
  return { text: `${name} ${version}${command === name ? '' : `, by the command ${command}`}, store ${store}` }
}

export function isoIdentified({ request, sha256, isRecorded }: KnownIso): Achieved {
  const checksum = sha256 === undefined ? 'no known checksum' : `SHA-256 ${sha256}`
  if (request.kind === 'address') {
    const { urls, sha256: pinned } = request.address
    return { text: `${shownUrl(urls[0]!)}, ${checksum}${sha256 !== undefined && pinned === undefined ? ', fetched before' : ''}` }
  }
  if (sha256 === undefined) return { text: `${request.path}, a folder` }
  if (isRecorded) return { text: `${request.path}, unchanged since it was hashed` }
  return { text: request.path, bytes: statSync(request.path, { throwIfNoEntry: false })?.size }
}

/** @param supply absent if the image isn't anywhere */
export function imageSought(supply: Supply | undefined, engine: Engine | undefined): Achieved {
  if (!supply) return { text: 'The image has to be made' }
  if (supply.origin === 'engine') return { text: `${engine!.name} already has the image` }
  return { text: `The ${supply.origin === 'registry' ? 'registry' : 'Actions cache'} has the image` }
}

export function imageMade({ name, conversion }: Supply): Achieved {
  return { text: `${name}, ${conversion!.tar.members} files and folders`, bytes: conversion!.tar.size }
}

export function imageLoaded({ name, archive, imported }: Supply, engine: Engine): Achieved {
  return { text: `${engine.name} has ${name}`, ...(!imported && { bytes: archive!.size }) }
}

export function imagePushed({ digest, bytes }: Pushed): Achieved {
  return { text: `The registry has the image: ${digest}`, ...(bytes > 0 && { bytes }) }
}

export function layoutWritten({ name, archive }: Supply, path: string): Achieved {
  return { text: `${path} has ${name}`, bytes: archive!.size }
}

/** @param name of the shell */
export function shellSetUp(name: string, canRun: boolean): Achieved {
  return { text: canRun ? `Later steps can run in the DDK with "shell: ${name} {0}"` : `No step can run with "shell: ${name} {0}"` }
}

export function sbomWritten({ path, packages }: WrittenSbom): Achieved {
  return { text: `${path}, ${packages} packages` }
}
