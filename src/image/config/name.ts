import { UserError } from '../../bytes/errors.ts'
import type { Identity } from '../../disk/root/identity.ts'
import type { UnameChoice } from './uname-choice.ts'

/**
 * The default name of a DDK's image, e.g. `xenserver-ddk:6.5.0-90233c` or `xenserver-ddk:6.5.0-90233c-host`. Two different images of one
 * DDK have different names, so that jobs that share an engine don't take each other's.
 */
export function imageName({ version, build }: Identity, uname: UnameChoice): string {
  if (version === undefined)
    throw new UserError(
      "the root filesystem doesn't state its version, so the image can't be named after it; give the image a name",
      'other-version',
    )
  return `xenserver-ddk:${[version, build, uname === 'host' ? uname : undefined].filter((part) => part !== undefined).join('-')}`
}
