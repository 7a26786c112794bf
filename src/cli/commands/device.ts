/** `coapstan device`: a virtual device, to try the server with; it shares no protocol code with it. */
import { randomInt } from 'node:crypto'
import type { DeviceOptions } from '../../device/options.ts'
import { does, type AddCommand } from '../command.ts'
import { usageFailure } from '../failure.ts'
import { pskOf } from '../psk.ts'
import { countOf, durationOf, type Session } from '../session.ts'

interface GivenOptions {
  readonly endpoint: string
  readonly bootstrap?: string
  readonly bootstrapAccount?: string
  readonly lifetime?: string
  readonly personality?: string
  readonly loss?: string
  readonly psk?: string
  readonly protocols?: string
  readonly deltas: boolean
  readonly trust?: string
  readonly faultyImage?: true | string
  readonly product?: string
  readonly version?: string
  readonly state?: string
  readonly quiet?: boolean
  readonly verbose?: boolean
  readonly seed?: string
  readonly once?: boolean
  readonly duration?: string
  readonly latency?: string
  readonly updateEvery?: string
  readonly rebootTime?: string
}

export const addDevice: AddCommand = (parent, frame) => {
  const device = parent
    .command('device')
    .description('run a virtual device; --server is where it registers, coap://127.0.0.1:5683 unless told')
    .requiredOption('--endpoint <name>', 'its endpoint name')
    .option('--bootstrap <uri>', 'ask this bootstrap server where to register; --psk is then for it')
    .option('--bootstrap-account <number>', 'the instance of object 0 its bootstrap account sits at')
    .option('--personality <name>', 'what it pretends to be: nbiot, thread-sleepy or ip')
    .option('--loss <share>', 'share of its own datagrams that are lost, for example 0.1')
    .option('--lifetime <seconds>', 'how long a registration holds')
    .option('--product <name>', 'its model number')
    .option('--version <version>', 'the firmware a new device runs')
    .option('--faulty-image [when]', 'images it is given do not work: they fail at boot, or late')
    .option('--psk <identity:hexkey>', 'for coaps://')
    .option('--protocols <list>', 'what it fetches firmware with: coap, coaps, http, https')
    .option('--no-deltas', 'it refuses deltas between images as a package it does not know')
    .option('--trust <file>', 'certificates in PEM it believes a server of firmware by, over https')
    .option('--state <directory>', 'keep its flash there, so that it goes on where it was')
    .option('--seed <number>', 'makes measurements and losses repeatable')
    .option('--latency <duration>', 'time its datagrams take, besides the real network')
    .option('--update-every <duration>', 'how often it updates its registration')
    .option('--reboot-time <duration>', 'how long a reboot takes; installing an image takes no longer then')
    .option('--once', 'register, update, deregister, and end')
    .option('--duration <duration>', 'end after this time')
    .option('--quiet', 'only tell what goes wrong')
    .option('--verbose', 'tell everything')
  does<GivenOptions>(
    device,
    frame,
    [
      'coapstan device --endpoint urn:dev:demo-1',
      'coapstan device --endpoint urn:dev:demo-1 --bootstrap coap://127.0.0.1:5783',
      'coapstan device --endpoint urn:dev:demo-1 --protocols https --trust ./fw.pem',
      'coapstan device --endpoint urn:dev:demo-2 --personality nbiot --loss 0.1 --server coap://192.0.2.1',
    ],
    async (session, _args, given) => {
      const { defaultDeviceOptions } = await import('../../device/options.ts')
      const { runDevice } = await import('../../device/main.ts')
      const server = device.parent?.opts<{ server?: string }>().server
      const options = optionsOf(session, given, { ...defaultDeviceOptions, ...(server !== undefined && { server }) })
      return runDevice(options, session.surroundings.interrupted)
    },
  )
}

function optionsOf(
  session: Session,
  given: GivenOptions,
  defaults: Omit<DeviceOptions, 'endpoint' | 'print'>,
): DeviceOptions {
  const { surroundings, paint } = session
  const duration = (flag: string, text: string | undefined): DeviceOptions['latency'] =>
    text === undefined ? undefined : (durationOf(flag, text) as DeviceOptions['latency'])
  return {
    ...defaults,
    endpoint: given.endpoint,
    ...(given.lifetime !== undefined && { lifetime: countOf('--lifetime', given.lifetime, 1) }),
    // The device says itself which there are.
    ...(given.personality !== undefined && { personality: given.personality as DeviceOptions['personality'] }),
    ...(given.loss !== undefined && { loss: Number(given.loss) }),
    ...(given.product !== undefined && { product: given.product }),
    ...(given.version !== undefined && { version: given.version }),
    ...(given.bootstrap !== undefined && { bootstrap: given.bootstrap }),
    ...(given.bootstrapAccount !== undefined && {
      bootstrapAccount: countOf('--bootstrap-account', given.bootstrapAccount),
    }),
    psk: pskOf(given.psk),
    // The device says itself which there are.
    ...(given.protocols !== undefined && { protocols: given.protocols.split(',') as DeviceOptions['protocols'] }),
    deltas: given.deltas,
    ...(given.trust !== undefined && { trustedCertificates: certificatesIn(given.trust, session) }),
    faultyImage: faultOf(given.faultyImage),
    stateDirectory: given.state,
    verbosity: given.quiet ? 'quiet' : given.verbose ? 'verbose' : 'normal',
    colours: paint('dim', 'x') !== 'x',
    seed: given.seed === undefined ? randomInt(2 ** 31) : countOf('--seed', given.seed),
    until: given.once ? 'registered' : duration('--duration', given.duration),
    latency: duration('--latency', given.latency),
    updatePeriod: duration('--update-every', given.updateEvery),
    rebootTime: duration('--reboot-time', given.rebootTime),
    print: (line) => surroundings.out.write(`${line}\n`),
  }
}

function certificatesIn(file: string, { surroundings }: Session): string {
  const text = surroundings.readText(file)
  if (text === undefined) throw usageFailure(`there is no file ${file}`)
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text
  throw usageFailure(`--trust ${file} has no certificate in it; a PEM file begins with -----BEGIN CERTIFICATE-----`)
}

function faultOf(when: true | string | undefined): DeviceOptions['faultyImage'] {
  if (when === undefined) return false
  if (when === true || when === 'boot') return 'boot'
  if (when === 'late') return 'late'
  throw usageFailure(`--faulty-image '${when}' is neither boot nor late`)
}
