/** What `coapstan device` can be told, with the defaults and the sense each value has to make. */
import { UsageError } from '../base/errors.ts'
import { seconds, type Duration } from '../base/time.ts'
import type { Psk } from './carrier.ts'
import { protocolNames, type Protocol } from './firmware/package-uri.ts'
import type { Verbosity } from './narrator.ts'
import { isPersonalityName, personalityNames, type PersonalityName } from './personality.ts'

export interface DeviceOptions {
  readonly endpoint: string
  /** coap://host[:port], or coaps:// together with `psk`. */
  readonly server: string
  /** coap(s)://host[:port] of the bootstrap server that says where to register; then `psk` is for that, and `server` idle. */
  readonly bootstrap: string | undefined
  /** The instance of object 0 its bootstrap account sits at. */
  readonly bootstrapAccount: number
  /** Seconds a registration holds. */
  readonly lifetime: number
  readonly personality: PersonalityName
  /** Share of the device's own datagrams that are lost, 0–1. */
  readonly loss: number
  readonly psk: Psk | undefined
  /** What it fetches packages with and lists in /5/0/8; undefined: coap, and coaps where it has a key. */
  readonly protocols: readonly Protocol[] | undefined
  /** It applies the deltas that `coapstan firmware make-demo-delta` makes. */
  readonly deltas: boolean
  /** Certificates in PEM that servers of packages are believed by over https; undefined: those of the system. */
  readonly trustedCertificates: string | undefined
  /**
   * What becomes of images it is given. false: they work. 'boot': they hang before they register, so the boot
   * loader reverts. 'late': they register, report success, then crash unconfirmed and are reverted.
   */
  readonly faultyImage: false | 'boot' | 'late'
  /** Model number, /3/0/1. */
  readonly product: string
  /** Version of the image a new device runs, /3/0/3. */
  readonly version: string
  /** Keeps the flash here, so that a killed device goes on where it was; undefined: in memory. */
  readonly stateDirectory: string | undefined
  readonly verbosity: Verbosity
  readonly colours: boolean
  /** Makes its measurements, losses and latencies repeatable. */
  readonly seed: number
  /** Ends by itself: after one register, update and deregister, or after a time; undefined: on a signal. */
  readonly until: 'registered' | Duration | undefined
  /** Overrides of the personality. */
  readonly latency: Duration | undefined
  readonly updatePeriod: Duration | undefined
  readonly rebootTime: Duration | undefined
  /** Where its lines go. */
  readonly print: (line: string) => void
}

export const defaultDeviceOptions: Omit<DeviceOptions, 'endpoint' | 'print'> = {
  server: 'coap://127.0.0.1:5683',
  bootstrap: undefined,
  bootstrapAccount: 0,
  lifetime: 300,
  personality: 'ip',
  loss: 0,
  psk: undefined,
  protocols: undefined,
  deltas: true,
  trustedCertificates: undefined,
  faultyImage: false,
  product: 'demo',
  version: '1.0.0',
  stateDirectory: undefined,
  verbosity: 'normal',
  colours: false,
  seed: 1,
  until: undefined,
  latency: undefined,
  updatePeriod: undefined,
  rebootTime: undefined,
}

export interface ServerAddress {
  readonly host: string
  readonly port: number
  readonly secure: boolean
}

/** Throws a UsageError that names the option where the options make no sense together. */
export function checkDeviceOptions(options: DeviceOptions): ServerAddress {
  const { endpoint, lifetime, personality, loss, latency, updatePeriod, rebootTime, until } = options
  if (endpoint === '' || /[&=\s]/.test(endpoint)) {
    throw usage('--endpoint', 'must not be empty nor contain blanks, & or =')
  }
  if (!Number.isInteger(lifetime) || lifetime < 1) throw usage('--lifetime', 'is a whole number of seconds, 1 or more')
  if (!isPersonalityName(personality)) throw usage('--personality', `is one of ${personalityNames.join(', ')}`)
  if (!(loss >= 0 && loss <= 1)) throw usage('--loss', 'is a share between 0 and 1, for instance 0.1')
  const durations = { '--latency': latency, '--update-every': updatePeriod, '--reboot-time': rebootTime }
  for (const [name, value] of Object.entries(durations)) {
    if (value !== undefined && !(value >= 0)) throw usage(name, 'is a time of 0 s or more')
  }
  if (typeof until === 'number' && !(until > seconds(0))) throw usage('--duration', 'is a time of more than 0 s')
  const unknown = options.protocols?.find((protocol) => !protocolNames.includes(protocol))
  if (unknown !== undefined) throw usage('--protocols', `names ${protocolNames.join(', ')}, not '${unknown}'`)
  if (options.protocols?.includes('coaps') === true && options.psk === undefined) {
    throw usage('--protocols', 'names coaps, which wants a key: --psk identity:hexkey')
  }
  const option = options.bootstrap === undefined ? '--server' : '--bootstrap'
  const server = serverAddress(options.bootstrap ?? options.server, option)
  if (server.secure !== (options.psk !== undefined)) {
    throw usage(option, 'coaps:// goes together with --psk identity:hexkey, coap:// without')
  }
  return server
}

/** What it can fetch packages with, as its server is reached. */
export function protocolsOf({ protocols }: DeviceOptions, { secure }: ServerAddress): readonly Protocol[] {
  return protocols ?? (secure ? ['coap', 'coaps'] : ['coap'])
}

/** Where a URI leads; `option` is who is told where it is none. */
export function serverAddress(uri: string, option: '--server' | '--bootstrap'): ServerAddress {
  const url = URL.canParse(uri) ? new URL(uri) : undefined
  if (url === undefined || (url.protocol !== 'coap:' && url.protocol !== 'coaps:') || url.hostname === '') {
    throw usage(option, 'is a URI like coap://127.0.0.1:5683')
  }
  const secure = url.protocol === 'coaps:'
  const preset = option === '--bootstrap' ? 5783 : 5683
  return { host: url.hostname, port: url.port === '' ? preset + (secure ? 1 : 0) : Number(url.port), secure }
}

function usage(option: string, sense: string): UsageError {
  return new UsageError('DEVICE_OPTION', `${option} ${sense}`, { hint: 'see coapstan device --help' })
}
