/** A row for each engine: what its checks said, or why it can't run here. */
export interface Row {
  readonly title: string
  /** How the action calls it. */
  readonly engine: string
  /** By the titles of the columns. */
  readonly said: Readonly<Record<string, string>>
  /** Its own last word, if it doesn't run here. */
  readonly cannot?: string
}

/** A Markdown table. */
export function table(rows: readonly Row[], columns: readonly string[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  const cells = rows.map(({ title, engine, said, cannot }) => {
    if (cannot !== undefined) return [title, `can't run here: ${cannot}`, ...columns.map(() => '')]
    return [title, engine, ...columns.map((column) => said[column] ?? '')]
  })
  const head = ['', 'in the log', ...columns]
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...cells.map(line)].join('\n')
}
