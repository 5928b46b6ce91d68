/** Flags of an SL entry's component (RRIP 1.12, section 4.1.3.1). */
const component = { continues: 0x01, current: 0x02, parent: 0x04, root: 0x08 }

/** Assembles a symbolic link's target from the components of its SL entries. */
export class SymlinkText {
  /** Undefined until the first entry. */
  text: Buffer | undefined
  /** The next component continues the last one, or follows the root, so no slash comes between them. */
  private joins = true

  /** Adds the components of one entry. Returns what is wrong with them, if anything. */
  add(entry: Buffer): string | undefined {
    const parts = [this.text ?? Buffer.alloc(0)]
    let problem: string | undefined
    let at = 5
    while (at + 2 <= entry.length) {
      const flags = entry.readUInt8(at)
      const end = at + 2 + entry.readUInt8(at + 1)
      if (end > entry.length) {
        problem = "a symbolic link's component is longer than its entry; the target ends there"
        break
      }
      if (flags & ~0x0f) problem = `a symbolic link has a component of an unknown kind (flags 0x${flags.toString(16)}), treated as a name`
      if (!this.joins) parts.push(Buffer.from('/'))
      parts.push(componentText(flags, entry.subarray(at + 2, end)))
      this.joins = (flags & (component.continues | component.root)) !== 0
      at = end
    }
    this.text = Buffer.concat(parts)
    return problem
  }
}

function componentText(flags: number, content: Buffer): Buffer {
  if (flags & component.root) return Buffer.from('/')
  if (flags & component.parent) return Buffer.from('..')
  if (flags & component.current) return Buffer.from('.')
  return content
}
