import type { Identity } from '../../disk/root/identity.ts'
import { shellQuote } from '../../host/shell-quote.ts'

/** What a build may want to know of its DDK; only what is known, in a fixed order. */
export function ddkVariables({ version, build, kernelVersion }: Identity): readonly (readonly [name: string, value: string])[] {
  const variables = [
    ['XENSERVER_VERSION', version],
    ['XENSERVER_BUILD', build],
    ['DDK_KERNEL_VERSION', kernelVersion],
  ] as const
  return variables.flatMap(([name, value]) => (value ? [[name, value] as const] : []))
}

/** For login shells that begin with an environment of their own, as `su -` does. Of a Bourne shell's oldest words, since any may read it. */
export function profileScript(variables: ReturnType<typeof ddkVariables>): string {
  const lines = variables.map(([name, value]) => `${name}=${shellQuote(value)}\nexport ${name}\n`)
  return `# Which DDK this image was made of.\n${lines.join('')}`
}
