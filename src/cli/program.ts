/** The command tree. */
import { Command, Help } from 'commander'
import { styleText } from 'node:util'
import type { Frame } from './command.ts'
import { usualCommandOf, withExamples } from './command.ts'
import { addAttributes } from './commands/attributes.ts'
import { addBootstrap } from './commands/bootstrap.ts'
import { addCampaign } from './commands/campaign.ts'
import { addCoap } from './commands/coap.ts'
import { addCompletion } from './commands/completion.ts'
import { addComposite } from './commands/composite.ts'
import { addConfig } from './commands/config.ts'
import { addCreate } from './commands/create.ts'
import { addCredentials } from './commands/credentials.ts'
import { addDelete } from './commands/delete.ts'
import { addDemo } from './commands/demo.ts'
import { addDevice } from './commands/device.ts'
import { addDevices } from './commands/devices.ts'
import { addDiscover } from './commands/discover.ts'
import { addEvents } from './commands/events.ts'
import { addExecute } from './commands/execute.ts'
import { addFirmware } from './commands/firmware.ts'
import { addHandshakes } from './commands/handshakes.ts'
import { addObjects } from './commands/objects.ts'
import { addObserve } from './commands/observe.ts'
import { addOperations } from './commands/operations.ts'
import { addQuirks } from './commands/quirks.ts'
import { addRead } from './commands/read.ts'
import { addSendLog } from './commands/send-log.ts'
import { addDoctor, addServe } from './commands/serve.ts'
import { addSim } from './commands/sim.ts'
import { addStatus } from './commands/status.ts'
import { addTrace } from './commands/trace.ts'
import { addWrite } from './commands/write.ts'
import { formats } from './output.ts'
import { paintFor } from './style.ts'

const groups = {
  'Ask devices:': [
    addRead,
    addWrite,
    addExecute,
    addDiscover,
    addObserve,
    addAttributes,
    addComposite,
    addCreate,
    addDelete,
  ],
  'See and manage the fleet:': [
    addDevices,
    addCredentials,
    addBootstrap,
    addOperations,
    addSendLog,
    addFirmware,
    addCampaign,
    addEvents,
    addTrace,
    addQuirks,
  ],
  'The server:': [addServe, addDoctor, addStatus, addConfig, addObjects, addHandshakes],
  'Try it, and more:': [addCoap, addDevice, addSim, addDemo, addCompletion],
} as const

/** `--version` names firmware versions below, so the program's own is only known where it stands alone. */
export function isVersionQuestion(argv: readonly string[]): boolean {
  return argv.length === 1 && ['-V', '--version', 'version'].includes(argv[0]!)
}

/** What commander says of a mistake, as our own failures are told. */
function inOurWords(text: string): string {
  return text
    .replace(/^error: /, 'coapstan: ')
    .replace(/^\(Did you mean (.*)\)$/m, '  did you mean $1')
    .replace(/(unknown option '--json'\n)(.*\n)?/, '$1  did you mean -o json?\n')
}

const exitCodes = `Exit codes:
  0 done · 1 the device or the server said no · 2 the command makes no sense as given · 130 interrupted`

export function program(frame: Frame): Command {
  const { out, err, environment } = frame.surroundings
  const isColoured = paintFor(frame.surroundings, true)('bold', 'x') !== 'x'
  const root = new Command('coapstan')
    .description('CoAP/LwM2M server for fleets of battery devices.')
    .option('--server <url>', 'where the server is [COAPSTAN_SERVER]')
    .option('--token <token>', 'its API token; that of a server on this machine is found [COAPSTAN_TOKEN]')
    .option('-o, --output <format>', formats.join(', '), 'table')
    .option('--timeout <duration>', 'how long to wait for a device', '30s')
    .option('--no-color', 'no colours, as NO_COLOR does')
    .exitOverride()
    .showHelpAfterError('  --help says how it goes')
    .configureHelp({
      showGlobalOptions: true,
      visibleOptions: (command) => [...(usualCommandOf(command)?.options ?? []), ...new Help().visibleOptions(command)],
      styleTitle: (title) => styleText('bold', title, { validateStream: false }),
    })
    .configureOutput({
      writeOut: (text) => out.write(text),
      writeErr: (text) => err.write(text),
      outputError: (text, write) => write(inOurWords(text)),
      getOutHelpWidth: () => (out.isTerminal ? out.columns : Number(environment['COLUMNS'] ?? 100)),
      getErrHelpWidth: () => (err.isTerminal ? err.columns : Number(environment['COLUMNS'] ?? 100)),
      getOutHasColors: () => isColoured,
      getErrHasColors: () => isColoured && err.isTerminal,
    })
  for (const [title, commands] of Object.entries(groups)) {
    root.commandsGroup(title)
    for (const add of commands) add(root, frame)
  }
  root.helpCommand('help [command]', 'show the help of a command')
  withExamples(root, [
    'coapstan serve',
    'coapstan device --endpoint urn:dev:demo-1',
    'coapstan read urn:dev:demo-1 /3/0',
  ])
  return root.addHelpText('after', `\n${exitCodes}`)
}
