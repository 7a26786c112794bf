/**
 * Every knob of the house, once (ARCHITECTURE §7). From these rows come the type of the settings, the
 * environment names, the command-line flags, the validation and `docs/config.md`. Per-network timers
 * are not here: they are a device's profile (`profiles.ts`).
 */

interface KnobBase {
  /** One sentence: what happens when it is larger, smaller or other. */
  readonly consequence: string
  /** RFC or document and section, where one speaks of it. */
  readonly reference?: string
  readonly scope: 'server' | 'listener'
  /** Whether a change takes hold without a restart. */
  readonly takesHold: 'live' | 'restart'
}

interface NumberKnob extends KnobBase {
  /** Durations are given in milliseconds. */
  readonly kind: 'duration' | 'count' | 'bytes'
  readonly default: number
  readonly min: number
  readonly max: number
}

interface ChoiceKnob extends KnobBase {
  readonly kind: 'choice'
  readonly default: string
  readonly choices: readonly string[]
}

interface TextKnob extends KnobBase {
  readonly kind: 'text'
  readonly default: string
}

export type Knob = NumberKnob | ChoiceKnob | TextKnob

export const tunables = {
  'data.directory': {
    kind: 'text',
    default: 'data',
    consequence: 'Where the database, firmware images, keys and the API token live; one server a directory.',
    scope: 'server',
    takesHold: 'restart',
  },
  'coap.host': {
    kind: 'text',
    default: '127.0.0.1',
    consequence:
      'Address plain CoAP listens on; anything but loopback lets devices speak unencrypted and unauthenticated.',
    scope: 'listener',
    takesHold: 'restart',
  },
  'coap.port': {
    kind: 'count',
    default: 5683,
    min: 0,
    max: 65535,
    consequence: 'UDP port of plain CoAP; 0 takes a free one.',
    reference: 'RFC 7252 §6.1',
    scope: 'listener',
    takesHold: 'restart',
  },
  'udp.transport': {
    kind: 'choice',
    default: 'auto',
    choices: ['auto', 'native', 'dgram'],
    consequence:
      'How datagrams travel: in batches through the native add-on, one by one through Node, or (auto) the first of these that works here.',
    scope: 'server',
    takesHold: 'restart',
  },
  'udp.paths': {
    kind: 'count',
    default: 200_000,
    min: 64,
    max: 16_777_216,
    consequence:
      'Remote addresses known at a time; beyond it the one used longest ago is forgotten, with what was kept under it.',
    scope: 'listener',
    takesHold: 'restart',
  },
  'udp.send-queue': {
    kind: 'bytes',
    default: 4_194_304,
    min: 65_536,
    max: 1_073_741_824,
    consequence:
      'Datagrams waiting while the network card is busy; beyond it they are dropped and retransmission is the cure.',
    scope: 'listener',
    takesHold: 'restart',
  },
  'udp.receive-buffer': {
    kind: 'bytes',
    default: 4_194_304,
    min: 4096,
    max: 1_073_741_824,
    consequence:
      'Bursts that survive while we compute (SO_RCVBUF); Linux gives at most net.core.rmem_max, so raise that as well.',
    scope: 'listener',
    takesHold: 'restart',
  },
  'coap.peers': {
    kind: 'count',
    default: 150_000,
    min: 100,
    max: 10_000_000,
    consequence: 'Peers with live CoAP state; beyond it the one heard from longest ago is forgotten.',
    scope: 'server',
    takesHold: 'restart',
  },
  'coap.dedup.per-peer': {
    kind: 'count',
    default: 64,
    min: 8,
    max: 4096,
    consequence: 'Exchanges remembered for one peer, so that its repetitions are answered and not executed again.',
    reference: 'RFC 7252 §4.5',
    scope: 'server',
    takesHold: 'restart',
  },
  'coap.dedup.total': {
    kind: 'count',
    default: 500_000,
    min: 1000,
    max: 50_000_000,
    consequence: 'Exchanges remembered for all peers together.',
    reference: 'RFC 7252 §4.5',
    scope: 'server',
    takesHold: 'restart',
  },
  'coap.empty-ack-after': {
    kind: 'duration',
    default: 1500,
    min: 0,
    max: 60_000,
    consequence:
      'How long an answer may take and still ride on the ACK; later ones cost a sleepy device a second downlink.',
    reference: 'RFC 7252 §5.2.2',
    scope: 'server',
    takesHold: 'restart',
  },
  'coap.body-limit': {
    kind: 'bytes',
    default: 65_536,
    min: 1024,
    max: 16_777_216,
    consequence: 'Largest body a device may send block by block; a larger one gets 4.13 with Size1.',
    reference: 'RFC 7959 §2.9.3',
    scope: 'server',
    takesHold: 'restart',
  },
  'coap.bodies-total': {
    kind: 'bytes',
    default: 67_108_864,
    min: 65_536,
    max: 4_294_967_296,
    consequence: 'Memory for unfinished block-wise bodies of all peers; beyond it new ones get 4.13.',
    reference: 'RFC 7959 §2.9.3',
    scope: 'server',
    takesHold: 'restart',
  },
  'coap.body-lifetime': {
    kind: 'duration',
    default: 300_000,
    min: 1000,
    max: 86_400_000,
    consequence: 'How long an unfinished block-wise body waits for its next block.',
    reference: 'RFC 7959 §2.5',
    scope: 'server',
    takesHold: 'restart',
  },
  'actors.awake': {
    kind: 'count',
    default: 20_000,
    min: 100,
    max: 10_000_000,
    consequence: 'Device actors kept in memory; an idle one beyond it is let go and read again when needed.',
    scope: 'server',
    takesHold: 'restart',
  },
  'actors.mailbox': {
    kind: 'count',
    default: 64,
    min: 1,
    max: 4096,
    consequence:
      'Inputs that wait for one device while it loads or commits; beyond it a datagram is dropped unanswered.',
    scope: 'server',
    takesHold: 'restart',
  },
  'commit.batch': {
    kind: 'count',
    default: 512,
    min: 1,
    max: 100_000,
    consequence: 'Inputs whose effects share one transaction; more is faster under load, less is sooner alone.',
    scope: 'server',
    takesHold: 'restart',
  },
  'operations.deadline': {
    kind: 'duration',
    default: 86_400_000,
    min: 1000,
    max: 31_536_000_000,
    consequence: 'How long an operation waits for its device before it expires, where the caller names none.',
    scope: 'server',
    takesHold: 'live',
  },
  'operations.queued-per-device': {
    kind: 'count',
    default: 100,
    min: 1,
    max: 10_000,
    consequence: 'Operations that may wait for one device; one more is refused.',
    scope: 'server',
    takesHold: 'live',
  },
  'registration.grace': {
    kind: 'duration',
    default: 0,
    min: 0,
    max: 86_400_000,
    consequence: 'How long after its lifetime a registration still counts; slow networks deliver Updates late.',
    reference: 'LwM2M Core 1.2 §6.2.2',
    scope: 'server',
    takesHold: 'live',
  },
  'objects.directory': {
    kind: 'text',
    default: '',
    consequence:
      'A directory with object definitions (OMA DDF) of your own, read beside the ones that come with the server.',
    scope: 'server',
    takesHold: 'restart',
  },
  'http.host': {
    kind: 'text',
    default: '127.0.0.1',
    consequence: 'Address of the HTTP API; it has no TLS of its own, so put a proxy in front of anything but loopback.',
    scope: 'server',
    takesHold: 'restart',
  },
  'http.port': {
    kind: 'count',
    default: 8080,
    min: 0,
    max: 65535,
    consequence: 'TCP port of the HTTP API; 0 takes a free one.',
    scope: 'server',
    takesHold: 'restart',
  },
  'firmware.image-limit': {
    kind: 'bytes',
    default: 67_108_864,
    min: 1024,
    max: 4_294_967_296,
    consequence: 'Largest firmware image that can be uploaded.',
    scope: 'server',
    takesHold: 'live',
  },
  'log.level': {
    kind: 'choice',
    default: 'info',
    choices: ['debug', 'info', 'warn', 'error'],
    consequence: 'The least serious line that is still written.',
    scope: 'server',
    takesHold: 'restart',
  },
} as const satisfies Readonly<Record<string, Knob>>

export type KnobName = keyof typeof tunables

/** The value each knob has: numbers for durations (ms), counts and bytes, text for the rest. */
export type Settings = {
  readonly [K in KnobName]: (typeof tunables)[K]['kind'] extends 'text' | 'choice' ? string : number
}

export const knobNames = Object.keys(tunables) as readonly KnobName[]

/** `coap.dedup.per-peer` → `COAPSTAN_COAP_DEDUP_PER_PEER`. */
export function environmentNameOf(knob: KnobName): string {
  return `COAPSTAN_${knob.toUpperCase().replaceAll(/[.-]/g, '_')}`
}

/** `coap.dedup.per-peer` → `--coap-dedup-per-peer`. */
export function flagOf(knob: KnobName): string {
  return `--${knob.replaceAll('.', '-')}`
}

export const defaultSettings: Settings = Object.freeze(
  Object.fromEntries(knobNames.map((name) => [name, tunables[name].default])),
) as unknown as Settings
