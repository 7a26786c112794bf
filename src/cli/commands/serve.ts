/** `coapstan serve` and `coapstan doctor` as help and completion know them; the launcher starts them itself. */
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

export const addDoctor: AddCommand = (parent, frame) => {
  does(
    parent
      .command('doctor')
      .description('look at this machine as `coapstan serve` with the same flags would find it')
      .allowUnknownOption()
      .allowExcessArguments(),
    frame,
    ['coapstan doctor --data-directory /var/lib/coapstan', 'coapstan doctor -o json'],
    () => Promise.reject(usageFailure('`doctor` has to be the first word', 'coapstan doctor [flags]')),
  )
}
