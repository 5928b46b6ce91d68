import { expect, test } from '@jest/globals'
import { lastLine } from '../../src/programs/finished.ts'

test.each([
  ['the last line', 'first\nlast\n\n', 'last'],
  ['what a progress bar ended with', 'half\rdone\r', 'done'],
  ['nothing', '\n \n', ''],
  ['not how to use the command', "Error: no such image\nSee 'docker run --help'.\n", 'Error: no such image'],
  ['a line that is no reason, if there is no other', "See 'docker run --help'.\n", "See 'docker run --help'."],
  // Podman 4.3 and 5.4, by `load`.
  [
    'what is wrong with the archive, not that it is no folder',
    `Error: payload does not match any of the supported image formats:
 * oci: initializing source oci:/var/tmp/a:: open /var/tmp/a/index.json: not a directory
 * oci-archive: creating temp directory: untarring file "/var/tmp/oci1": no index.json
 * docker-archive: adding layer with blob "sha256:00": lchown /etc/owned: invalid argument
 * dir: open /var/tmp/a/manifest.json: not a directory
`,
    '* docker-archive: adding layer with blob "sha256:00": lchown /etc/owned: invalid argument',
  ],
])('the reason for a failure is %s', (_title, text, reason) => expect(lastLine(text)).toBe(reason))
