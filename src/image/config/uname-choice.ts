/** What `uname` reports in a container: what it reports in the DDK's Dom0, or, as in any container, the host's values. */
export const unameChoices = ['ddk', 'host'] as const
export type UnameChoice = (typeof unameChoices)[number]
