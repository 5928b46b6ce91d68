import { plainJson } from '../bytes/text.ts'

/** JSON in which neither the runner nor a terminal finds a command. */
export function jsonText(value: object, indent?: number): string {
  return plainJson(JSON.stringify(value, undefined, indent))
}
