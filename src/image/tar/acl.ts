/** The kinds of ACL entries in linux/posix_acl.h, and which of them name someone. */
const tags: ReadonlyMap<number, { readonly name: string; readonly named: boolean }> = new Map([
  [0x01, { name: 'user', named: false }],
  [0x02, { name: 'user', named: true }],
  [0x04, { name: 'group', named: false }],
  [0x08, { name: 'group', named: true }],
  [0x10, { name: 'mask', named: false }],
  [0x20, { name: 'other', named: false }],
])

/**
 * An ACL as text: lines like `user::rwx`, with numbers for names (POSIX.1e draft 17, 23.3). GNU tar and bsdtar expect this form.
 * @param value as getxattr(2) returns it, linux/posix_acl_xattr.h: version 2, then a tag, permissions and an id for each entry
 * @returns undefined if it isn't an ACL
 */
export function aclText(value: Buffer): string | undefined {
  if (value.length < 4 || value.length % 8 !== 4 || value.readUInt32LE(0) !== 2) return undefined
  let text = ''
  for (let at = 4; at < value.length; at += 8) {
    const tag = tags.get(value.readUInt16LE(at))
    const permissions = value.readUInt16LE(at + 2)
    if (!tag || permissions > 7) return undefined
    const letters = [...'rwx'].map((letter, bit) => ((permissions & (4 >> bit)) !== 0 ? letter : '-')).join('')
    text += `${tag.name}:${tag.named ? value.readUInt32LE(at + 4) : ''}:${letters}\n`
  }
  return text
}
