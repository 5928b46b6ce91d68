/** Name of a partition type, if it is one that a Linux disk may have; else empty. */
export function mbrTypeName(type: number): string {
  return mbrTypes[type] ?? ''
}

export function gptTypeName(type: string): string {
  return gptTypes[type] ?? ''
}

const mbrTypes: Readonly<Record<number, string>> = {
  1: 'FAT12',
  4: 'FAT16',
  5: 'extended',
  6: 'FAT16',
  7: 'NTFS or exFAT',
  11: 'FAT32',
  12: 'FAT32',
  14: 'FAT16',
  15: 'extended',
  130: 'Linux swap',
  131: 'Linux',
  133: 'extended',
  142: 'Linux LVM',
  165: 'FreeBSD, with slices of its own inside',
  166: 'OpenBSD, with slices of its own inside',
  169: 'NetBSD, with slices of its own inside',
  191: 'Solaris',
  218: 'data without a filesystem',
  222: 'Dell utility',
  238: 'GPT protective',
  239: 'EFI system',
  253: 'Linux RAID',
}

const gptTypes: Readonly<Record<string, string>> = {
  '0657FD6D-A4AB-43C4-84E5-0933C84B4F4F': 'Linux swap',
  '0FC63DAF-8483-4772-8E79-3D69D8477DE4': 'Linux',
  '21686148-6449-6E6F-744E-656564454649': 'BIOS boot',
  '44479540-F297-41B2-9AF7-D131D5F0458A': 'Linux root (x86)',
  '4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709': 'Linux root (x86-64)',
  'A19D880F-05FC-4D3B-A006-743F0F84911E': 'Linux RAID',
  'C12A7328-F81F-11D2-BA4B-00A0C93EC93B': 'EFI system',
  'CA7D7CCB-63ED-4C53-861C-1742536059CC': 'Linux LUKS',
  'E3C9E316-0B5C-4DB8-817D-F92DF00215AE': 'Microsoft reserved',
  'E6D6D379-F507-44C2-A23C-238F2A3DF928': 'Linux LVM',
  'EBD0A0A2-B9E5-4433-87C0-68B6B72699C7': 'Microsoft basic data',
}
