import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from '../bench/setting.ts'

/** Puts what a script has measured into docs/engines.md, between its marks. */
export function save(script: 'engines' | 'fleet', report: string): void {
  const path = join(repository, 'docs/engines.md')
  const marks = new RegExp(`(?<=<!-- table, by script/${script} --save -->\\n)[\\s\\S]*(?=<!-- end of script/${script}'s table -->)`)
  const [before, after] = readFileSync(path, 'utf8').split(marks)
  writeFileSync(path, `${before}\n${report}\n\n${after}`)
}
