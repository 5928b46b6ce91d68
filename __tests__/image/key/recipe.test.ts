import { expect, test } from '@jest/globals'
import type { Architecture } from '../../../src/disk/root/architecture.ts'
import { configDigest } from '../../../src/image/archive/archive.ts'
import { recipe } from '../../../src/image/key/recipe.ts'
import { sampleImage } from '../../../src/image/key/sample-image.ts'

// What this version of the code makes of a fixed small tree, to the last byte. Nothing here depends on the machine.

const golden = {
  recipe: '0188ea909107',
  images: {
    x86_64: [
      'sha256:a5d24ccbaceeb9108863fca65a7050eb8e898b9d37eefed467c5a4fa09a9c9d8',
      'sha256:6b4b55910d317ea9f0135ad2db776a7f6d4948426cffebff40bb0355ce5f47a8',
      'sha256:192fa71661741efe8236245ed94839aef26ebce332cb9446d4ead4d82b79ba36',
    ],
    'x86_64, uname: host': [
      'sha256:232ccddaa75bd86b700a9533eab1e2f2885693745ad5d6bf8ddabee7788ef49c',
      'sha256:6b4b55910d317ea9f0135ad2db776a7f6d4948426cffebff40bb0355ce5f47a8',
    ],
    i686: [
      'sha256:acd0c33678766294e1280ea1f6250ffc5ab6303f654410cddc1a7d6b44500afc',
      'sha256:6b4b55910d317ea9f0135ad2db776a7f6d4948426cffebff40bb0355ce5f47a8',
      'sha256:f0a1d4fe6890820c8e9d58eeb296e99c82234f89b726ce18e6289fe2f8c2d8ac',
    ],
    'i686, uname: host': [
      'sha256:16a0d8d008afe6bf8925a2d4a3687114b1662453c5e650645211f023b9e112c5',
      'sha256:6b4b55910d317ea9f0135ad2db776a7f6d4948426cffebff40bb0355ce5f47a8',
    ],
  },
}

test('the images of the sample are what they were', () => {
  const images = Object.fromEntries(
    (['x86_64', 'i686'] as Architecture[]).flatMap((architecture) =>
      [true, false].map((withEnvironment) => {
        const config = sampleImage(architecture, withEnvironment)
        return [`${architecture}${withEnvironment ? '' : ', uname: host'}`, [configDigest(config), ...config.rootfs.diff_ids]]
      }),
    ),
  )
  const found = { recipe: recipe(), images }
  if (JSON.stringify(found) !== JSON.stringify(golden)) {
    throw new Error(
      `Images are made otherwise than before. If that is meant, put this in the place of "golden"; no revision needs to be increased, since
the recipe, which is a part of every image's key, has changed as well. A change that this test does not notice, but that gives another
image of the same ISO, needs a higher "writerRevision" in src/image/key/recipe.ts.
${JSON.stringify(found, undefined, 2)}`,
    )
  }
})

test('the sample has everything that an image can have', () => {
  const [root, environment] = sampleImage('i686', true).rootfs.diff_ids
  expect(root).not.toBe(environment)
  expect(sampleImage('i686', true).config).toMatchObject({
    Entrypoint: ['/bin/setarch', 'i686'],
    Env: expect.arrayContaining(['XENSERVER_BUILD=4c']),
  })
  expect(sampleImage('x86_64', true).config).not.toHaveProperty('Entrypoint')
})
