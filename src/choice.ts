/** @throws Error that lists the choices, unless `text` is one of them */
export function oneOf<T extends string>(text: string, choices: readonly T[]): T {
  const choice = choices.find((candidate) => candidate === text)
  if (choice === undefined) throw new Error(`"${text}" is not one of ${choices.join(', ')}`)
  return choice
}
