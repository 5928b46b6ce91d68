// Jest runs the sources just as Node does: the types are blanked out, so lines and columns stay true and no source map is needed.
import { stripTypeScriptTypes } from 'node:module'

export default { process: (source) => ({ code: stripTypeScriptTypes(source) }) }
