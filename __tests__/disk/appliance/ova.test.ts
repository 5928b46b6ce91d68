import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { DiskError } from '../../../src/bytes/errors.ts'
import { type Appliance, parseOva, rootDisk } from '../../../src/disk/appliance/ova.ts'
import { rootOnBootLine } from '../../../src/disk/root/boot-line.ts'

const ddk = `<?xml version="1.0" ?>
<!DOCTYPE appliance SYSTEM "http://192.0.2.1/never-fetched.dtd">
<appliance version="0.1">
  <!-- as XenServer 6.1 made it -->
  <vm name="ddk">
    <label>
      XenServer DDK 6.1.0-58481p
    </label>
    <shortdesc/>
    <config mem_set="536870912" vcpus="1"/>
    <hacks is_hvm="false" kernel_boot_cmdline="root=/dev/sda1 ro root=/dev/xvda1 quiet=root=no"/>
    <vbd device="xvda" function="root" mode="w" vdi="vdi_xvda"/>
  </vm>
  <vdi name="vdi_xvda" size="8589934592" source="file://xvda" type="dir-gzipped-chunks" variety="system"/>
</appliance>
`

const around = (inner: string) => `<appliance version="0.1"><vm name="a"><label>x</label>${inner}</appliance>`

describe('parseOva', () => {
  test('reads what a DDK has', () => {
    expect(parseOva(ddk, 'ova.xml')).toEqual({
      label: 'XenServer DDK 6.1.0-58481p',
      version: '6.1.0',
      build: '58481p',
      bootLine: 'root=/dev/sda1 ro root=/dev/xvda1 quiet=root=no',
      rootDevice: '/dev/xvda1',
      isHvm: false,
      vbds: [{ device: 'xvda', function: 'root', mode: 'w', vdi: 'vdi_xvda' }],
      vdis: [{ name: 'vdi_xvda', size: 8589934592, source: 'file://xvda', type: 'dir-gzipped-chunks', variety: 'system' }],
    })
  })

  test('leaves out what is missing', () => {
    expect(parseOva('<appliance><vm><hacks is_hvm="true"/></vm></appliance>', 'ova.xml')).toEqual({
      label: '',
      bootLine: '',
      isHvm: true,
      vbds: [],
      vdis: [],
    })
  })

  test.each([
    ['XenServer DDK 7.0.0-125380c', '7.0.0', '125380c'],
    ['Citrix XenServer DDK 5.6-39265p', '5.6', '39265p'],
    ['XenServer DDK', undefined, undefined],
    ['My machine 7.0.0-125380c', undefined, undefined],
  ])('label %s', (label, version, build) => {
    const appliance = parseOva(`<appliance><vm><label><![CDATA[${label}]]></label></vm></appliance>`, 'ova.xml')
    expect([appliance.version, appliance.build]).toEqual([version, build])
  })

  test.each([
    ['cut short', ddk.slice(0, 400), /^ova.xml, line \d+, column \d+: the XML isn't well-formed/],
    ['two errors', '<appliance>\n<vm></appliance>', /^ova.xml, line 2, column 16: the XML isn't well-formed: unexpected close tag/],
    ['empty', '', /isn't well-formed/],
    ['binary', '\0\x01\x02', /isn't well-formed/],
    ['an undeclared entity', around('&constructor;</vm>'), /undefined entity/],
    [
      'a declared entity',
      '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]><appliance><vm><label>&c;</label></vm></appliance>',
      /undefined entity/,
    ],
    ['an attribute twice', '<appliance><vm name="a" name="b"/></appliance>', /duplicate attribute/],
    ['too deep', '<appliance>'.repeat(100_000), /nested more than 32 deep/],
    ['too many disks', `<appliance><vm>${'<vbd/>'.repeat(1001)}</vm></appliance>`, /more than 1000 disks/],
    ['XVA 2', '<?xml version="1.0"?><value><struct></struct></value>', /line 1, column \d+: this is an ova.xml of XVA version 2/],
    ['OVF', '<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1"/>', /outermost element is <Envelope>/],
    ['no machine', '<appliance/>', /^ova.xml: it describes 0 virtual machines/],
    ['two machines', '<appliance><vm/><vm/></appliance>', /describes 2 virtual machines/],
    ['a disk without a name', around('</vm><vdi size="1"/>'), /the <vdi> has no name/],
    ['a size that is no number', around('</vm><vdi name="a" size="-1"/>'), /the size of a disk is -1/],
    ['a size beyond all', around('</vm><vdi name="a" size="9007199254740993"/>'), /the size of a disk is 9007199254740993/],
  ])('refuses %s', (_, xml, message) => {
    expect(() => parseOva(xml, 'ova.xml')).toThrow(DiskError)
    expect(() => parseOva(xml, 'ova.xml')).toThrow(message)
  })

  test('any damaged description is read or refused with a DiskError', () => {
    const pieces = fc.constantFrom(
      '<',
      '>',
      '/',
      '"',
      '&',
      '&#0;',
      '&#x110000;',
      ']]>',
      '<![CDATA[',
      '<!--',
      '<?xml',
      '\0',
      '\ud800',
      '\ufeff',
      'vdi',
      '9',
    )
    const edit = fc.record({ at: fc.nat(ddk.length), removed: fc.nat(20), added: fc.array(pieces, { maxLength: 3 }) })
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        const xml = edits.reduce((text, { at, removed, added }) => text.slice(0, at) + added.join('') + text.slice(at + removed), ddk)
        try {
          rootDisk(parseOva(xml, 'ova.xml'), 'ova.xml', () => {})
        } catch (error) {
          expect(error).toBeInstanceOf(DiskError)
        }
      }),
      { numRuns: 500, seed: 2 },
    )
  })

  test('names that every object has are only names', () => {
    const xml = '<appliance><__proto__/><vm constructor="a" __proto__="b"><toString/><vbd __proto__="x" device="y"/></vm></appliance>'
    expect(parseOva(xml, 'ova.xml').vbds).toEqual([{ device: 'y' }])
    expect(() => parseOva('<constructor/>', 'ova.xml')).toThrow('outermost element is <constructor>')
  })
})

describe('rootDisk', () => {
  const appliance = (vbds: Appliance['vbds'], ...names: string[]): Appliance => ({
    label: '',
    bootLine: '',
    isHvm: false,
    vbds,
    vdis: names.map((name) => ({ name })),
  })
  const found = (...args: Parameters<typeof appliance>) => rootDisk(appliance(...args), 'ova.xml', () => {}).vdi.name

  test('takes the one whose function is root', () => {
    expect(
      found(
        [
          { mode: 'w', vdi: 'a' },
          { mode: 'r', function: 'root', vdi: 'b' },
        ],
        'a',
        'b',
      ),
    ).toBe('b')
  })
  test('of several, takes the one that the boot line names, and says so', () => {
    const disk = (device: string) => ({ device, function: 'root', mode: 'w', vdi: device })
    const choose = (bootLine: string, ...devices: string[]) => {
      const warnings: string[] = []
      const rootDevice = rootOnBootLine(bootLine)
      const described = { ...appliance(devices.map(disk), ...devices), bootLine, ...(rootDevice !== undefined && { rootDevice }) }
      return [rootDisk(described, 'ova.xml', (sentence) => warnings.push(sentence)).vdi.name, ...warnings]
    }
    const sentence = 'ova.xml: 2 disks have the function root: xvda, xvdb; the boot line decides, root='
    expect(choose('ro root=/dev/xvdb1', 'xvda', 'xvdb')).toEqual(['xvdb', `${sentence}/dev/xvdb1: xvdb`])
    expect(choose('root=/dev/sda', 'xvda', 'xvdb')).toEqual(['xvda', `${sentence}/dev/sda: xvda`])
    expect(choose('root=/dev/xvda3', 'xvda', 'sda')[0]).toBe('xvda')
    for (const line of ['', 'root=LABEL=/', 'root=/dev/xvdc1', 'root=/dev/VolGroup00/root']) {
      expect(() => choose(line, 'xvda', 'xvdb')).toThrow(
        /^ova\.xml: 2 disks have the function root: xvda, xvdb; the boot line names none of them \(root=/,
      )
    }
    expect(choose('root=/dev/xvdb1', 'xvda')).toEqual(['xvda'])
  })
  test('else the only one', () => {
    expect(found([{ mode: 'r', vdi: 'b' }, { vdi: 'gone' }], 'a', 'b')).toBe('b')
    expect(found([], 'a')).toBe('a')
  })
  test('says that it takes the first that can be written', () => {
    const warnings: string[] = []
    const vbds = ['a', 'b'].map((vdi) => ({ device: `xvd${vdi}`, mode: 'w', vdi }))
    expect(rootDisk(appliance(vbds, 'a', 'b'), 'ova.xml', (sentence) => warnings.push(sentence)).vdi.name).toBe('a')
    expect(warnings).toEqual(['ova.xml: no disk has the function root; the first writable one of 2 is used: xvda'])
  })
  test('else the first that can be written', () => {
    expect(
      found(
        [
          { mode: 'r', vdi: 'a' },
          { mode: 'w', vdi: 'b' },
          { mode: 'rw', vdi: 'c' },
        ],
        'a',
        'b',
        'c',
      ),
    ).toBe('b')
  })
  test('lists what is there if none fits', () => {
    expect(() => found([{ device: 'xvda', function: 'root', mode: 'w', vdi: 'gone' }], 'a')).toThrow(
      "ova.xml: it doesn't say which disk is the root: its attachments are xvda (function root, mode w, disk gone); its disks are a",
    )
    expect(() => found([{ vdi: 'a' }, { vdi: 'b' }], 'a', 'b')).toThrow("doesn't say which disk")
    expect(() => found([], 'a', 'b')).toThrow('attachments are none; its disks are a, b')
    expect(() => found([])).toThrow('its disks are none')
  })
})
