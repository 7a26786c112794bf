/** `coapstan demo`: everything once, by itself, in under a minute. */
import { extname } from 'node:path'
import { does, type AddCommand } from '../command.ts'

export const addDemo: AddCommand = (parent, frame) => {
  does(
    parent
      .command('demo')
      .description('show it all: a server, two virtual devices, a read, a write and a firmware update'),
    frame,
    ['coapstan demo'],
    ({ surroundings }) => {
      // Compiled, the script lies beside us as JavaScript.
      const script = new URL(`../demo/main${extname(import.meta.url)}`, import.meta.url)
      return surroundings.runScript(script, [])
    },
  )
}
