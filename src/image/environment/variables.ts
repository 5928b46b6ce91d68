import type { Identity } from '../../disk/root/identity.ts'
import { shellQuote } from '../../host/shell-quote.ts'

/** Variables that identify the DDK for builds, in a fixed order. Unknown ones are omitted. */
export function ddkVariables({ version, build, kernelVersion }: Identity): readonly (readonly [name: string, value: string])[] {
  const variables = [
    ['XENSERVER_VERSION', version],
    ['XENSERVER_BUILD', build],
    ['DDK_KERNEL_VERSION', kernelVersion],
  ] as const
  return variables.flatMap(([name, value]) => (value ? [[name, value] as const] : []))
}

/**
 * For login shells that start with a new environment, as `su -` does. It is written in plain Bourne shell, because any shell may read it.
 */
export function profileScript(variables: ReturnType<typeof ddkVariables>): string {
  const lines = variables.map(([name, value]) => `${name}=${shellQuote(value)}\nexport ${name}\n`)
  return `# Which DDK this image was made of.\n${lines.join('')}`
}
