/** `coapstan serve` as help and completion know it; the launcher starts the server itself. */
import { does, type AddCommand } from '../command.ts'
import { usageFailure } from '../failure.ts'

export const addServe: AddCommand = (parent, frame) => {
  does(
    parent
      .command('serve')
      .description('run the server; `coapstan serve --help` lists its flags')
      .allowUnknownOption()
      .allowExcessArguments(),
    frame,
    ['coapstan serve --data-directory /var/lib/coapstan --http-port 8080'],
    () => Promise.reject(usageFailure('`serve` has to be the first word', 'coapstan serve [flags]')),
  )
}
