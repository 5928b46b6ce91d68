/** @throws Error that lists what `text` may be, unless it is one of `choices` */
export function oneOf<T extends string>(text: string, choices: readonly T[]): T {
  const choice = choices.find((candidate) => candidate === text)
  if (choice === undefined) throw new Error(`"${text}" is not one of ${choices.join(', ')}`)
  return choice
}
