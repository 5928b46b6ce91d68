import { describe, expect, test } from '@jest/globals'
import { parseDevice } from '../../../src/disk/root/device.ts'
import { parseFstab, planFor } from '../../../src/disk/root/fstab.ts'

describe('a line', () => {
  test.each([
    ['/dev/xvda1 / ext3 defaults 1 1', '/dev/xvda1', '/', 'ext3', ['defaults']],
    ['\tLABEL=/boot\t/boot  ext2 defaults,noauto\t1\t2 ', 'LABEL=/boot', '/boot', 'ext2', ['defaults', 'noauto']],
    ['UUID=a /usr//local/./ xfs', 'UUID=a', '/usr/local', 'xfs', ['defaults']],
    ['LABEL=a\\040b /opt/with\\040space\\134 ext4 rw\r', 'LABEL=a b', '/opt/with space\\', 'ext4', ['rw']],
    ['/dev/a1 /opt/caf\xc3\xa9 ext4', '/dev/a1', '/opt/caf\xc3\xa9', 'ext4', ['defaults']],
    ['/dev/a1 swap swap defaults 0 0', '/dev/a1', 'swap', 'swap', ['defaults']],
  ])('%j', (text, spec, path, type, options) => {
    expect(parseFstab(`\n # comment\n${text}\n`)).toEqual({
      lines: [{ number: 3, text: text.trim(), spec, path, type, options }],
      damaged: [],
    })
  })

  test.each([
    ['/dev/xvda1 /', 'it has fewer than three fields'],
    ['garbage', 'it has fewer than three fields'],
    ['/dev/xvda1 /usr/../etc ext3', 'its mount point has ".." in it'],
    ['/dev/xvda1 /usr\\000 ext3', 'it has a byte that no path can have'],
    ['/dev/xvda1 /a\\012b ext3', 'it has a byte that no path can have'],
  ])('damaged: %j', (text, why) => {
    expect(parseFstab(`${text}\n/dev/xvda2 /boot ext3`)).toMatchObject({ lines: [{ number: 2 }], damaged: [{ number: 1, text, why }] })
  })

  test('is one of at most 200', () => {
    const { lines, damaged } = parseFstab('/dev/xvda2 /boot ext3\n'.repeat(100_000))
    expect(lines).toHaveLength(200)
    expect(damaged).toEqual([expect.objectContaining({ number: 201, why: expect.stringContaining('more than 200 lines') })])
  })
})

describe('its end', () => {
  const plan = (text: string) => planFor(parseFstab(text).lines[0]!)
  test.each([
    '/dev/xvda2 /boot ext3',
    'UUID=a /usr ext4 defaults,nofail',
    'UUID=a /usr/local ext4 ro',
    'LABEL=a /var/log xfs',
    '/dev/vg/opt /opt auto x-systemd.automount',
    '/dev/xvda3 /root ext3',
    '/dev/xvda1 /boot/efi vfat umask=0077',
  ])('%s: mounted', (text) => expect(plan(text)).toEqual({ kind: 'mount' }))

  test('/: the root itself', () => expect(plan('/dev/xvda1 / ext3')).toEqual({ kind: 'root' }))

  test.each([
    ['/dev/xvda2 swap swap', 'it is swap'],
    ['/dev/xvda2 /var/swap swap', 'it is swap'],
    ['/dev/xvda2 none ext3', 'it has no mount point'],
    ['tmpfs /dev/shm tmpfs', 'its files exist only in a running system'],
    ['tmpfs /var/cache/x tmpfs', 'its files exist only in a running system'],
    ['/dev/xvda2 /home ext3', "/home isn't part of the installed system"],
    ['/dev/xvda2 /home/user ext3', "/home/user isn't part of the installed system"],
    ['/dev/xvda2 /tmp ext3', "/tmp isn't part of the installed system"],
    ['/dev/xvda2 /var/tmp ext3', "/var/tmp isn't part of the installed system"],
    ['/dev/cdrom /mnt/cdrom iso9660 noauto', "/mnt/cdrom isn't part of the installed system"],
    ['server:/home /home nfs', "/home isn't part of the installed system"],
  ])('%s: left out', (text, why) => expect(plan(text)).toEqual({ kind: 'leave-out', why, isSystem: false }))

  test.each([
    ['server:/usr /usr nfs', 'it is mounted from the network'],
    ['//server/share /opt cifs', 'it is mounted from the network'],
    ['server:/usr /usr auto', 'it is mounted from the network'],
    ['UUID=a /var ext4 _netdev', 'it is mounted from the network'],
    ['user@host: /opt fuse.sshfs', 'it is mounted from the network'],
    ['/data/opt /opt none bind', 'it is a bind mount'],
    ['/data/opt /opt none ro,rbind', 'it is a bind mount'],
    ['/dev/xvda2 /boot ext3 noauto', "it isn't mounted at boot (noauto)"],
    ['/dev/xvda2 /data ext3', "/data isn't one of the directories of an installed system"],
    ['/dev/xvda2 /homes ext3', "/homes isn't one of the directories of an installed system"],
  ])('%s: left out, but it is missed', (text, why) => expect(plan(text)).toEqual({ kind: 'leave-out', why, isSystem: true }))
})

describe('a device', () => {
  test.each([
    ['UUID=0A-b', { kind: 'uuid', value: '0A-b' }],
    ['UUID="0A-b"', { kind: 'uuid', value: '0A-b' }],
    ['LABEL=/', { kind: 'label', value: '/' }],
    ["PARTLABEL='a b'", { kind: 'partlabel', value: 'a b' }],
    ['PARTUUID=1-02', { kind: 'partuuid', value: '1-02' }],
    ['/dev/disk/by-uuid/0A-b', { kind: 'uuid', value: '0A-b' }],
    ['/dev/disk/by-label/a\\x20b\\x2fc', { kind: 'label', value: 'a b/c' }],
    ['/dev/disk/by-partuuid/1-02', { kind: 'partuuid', value: '1-02' }],
    ['/dev/disk/by-partlabel/a', { kind: 'partlabel', value: 'a' }],
    ['/dev/sda2', { kind: 'partition', disk: 'a', number: 2 }],
    ['/dev/xvdab12', { kind: 'partition', disk: 'ab', number: 12 }],
    ['/dev/hda', { kind: 'partition', disk: 'a', number: 0 }],
    ['/dev/nvme0n1p3', { kind: 'partition', disk: '0', number: 3 }],
    ['/dev/mmcblk1p2', { kind: 'partition', disk: '1', number: 2 }],
    ['/dev/mapper/my--vg-lv--root', { kind: 'logical', mapperName: 'my--vg-lv--root' }],
    ['/dev/my-vg/lv-root', { kind: 'logical', mapperName: 'my--vg-lv--root' }],
    ['/dev/disk/by-id/dm-name-centos-root', { kind: 'logical', mapperName: 'centos-root' }],
    ['proc', { kind: 'unknown' }],
    ['/srv/image.iso', { kind: 'unknown' }],
    ['/dev/disk/by-path/pci-0000', { kind: 'unknown' }],
    ['UUID=', { kind: 'unknown' }],
  ])('%s', (text, device) => expect(parseDevice(text)).toEqual(device))

  test("a logical volume's name doubles dashes, as device mapper has it", () => {
    expect(parseDevice('/dev/VolGroup00/LogVol00')).toEqual({ kind: 'logical', mapperName: 'VolGroup00-LogVol00' })
    expect(parseDevice('/dev/a-b/c--d')).toEqual({ kind: 'logical', mapperName: 'a--b-c----d' })
  })
})
