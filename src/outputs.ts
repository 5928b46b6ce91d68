import * as core from '@actions/core'

/** Everything that later steps can ask for, by the names of action.yml; a value that there isn't is empty. */
export interface Outputs {
  readonly image: string
  readonly 'image-id': string
  readonly archive: string
  readonly 'xenserver-version': string
  readonly 'build-number': string
  readonly 'kernel-version': string
  readonly architecture: string
  readonly 'iso-sha256': string
}

export function writeOutputs(outputs: Outputs): void {
  for (const [name, value] of Object.entries(outputs)) core.setOutput(name, value)
}
