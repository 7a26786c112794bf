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
  'coap.public-uri': {
    kind: 'text',
    default: '',
    consequence:
      'How devices reach this listener, without a path (coap://iot.example.net:5683); firmware is offered under it. Empty: the address it is bound to.',
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
  'coap.dedup.spent-per-peer': {
    kind: 'count',
    default: 4096,
    min: 0,
    max: 65_536,
    consequence:
      'Message ids of one secured peer remembered beyond its answers; beyond it the peer gets silence until one expires.',
    reference: 'RFC 7252 §4.5',
    scope: 'server',
    takesHold: 'restart',
  },
  'coap.response-deadline': {
    kind: 'duration',
    default: 250_000,
    min: 1000,
    max: 86_400_000,
    consequence: 'How long a peer that acknowledged a request may take to answer it.',
    reference: 'RFC 7252 §5.2.2',
    scope: 'server',
    takesHold: 'restart',
  },
  'coap.rto-estimator': {
    kind: 'choice',
    default: 'off',
    choices: ['off', 'cocoa'],
    consequence: "Whether retransmission timeouts follow measured round trips instead of the profile's ACK_TIMEOUT.",
    reference: 'RFC 7252 §4.7',
    scope: 'server',
    takesHold: 'restart',
  },
  'coap.observers.per-peer': {
    kind: 'count',
    default: 64,
    min: 0,
    max: 4096,
    consequence: 'Resources of ours one peer may observe; one more is answered without being observed.',
    reference: 'RFC 7641 §4.1',
    scope: 'server',
    takesHold: 'restart',
  },
  'coap.observers.total': {
    kind: 'count',
    default: 50_000,
    min: 0,
    max: 10_000_000,
    consequence: 'Observers of our resources of all peers together.',
    reference: 'RFC 7641 §7',
    scope: 'server',
    takesHold: 'restart',
  },
  'coap.echo-lifetime': {
    kind: 'duration',
    default: 300_000,
    min: 1000,
    max: 86_400_000,
    consequence: 'How long an Echo value proves that a request is fresh and its address real.',
    reference: 'RFC 9175 §2.3',
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
  'coap.bodies.per-peer': {
    kind: 'count',
    default: 4,
    min: 1,
    max: 256,
    consequence: 'Unfinished block-wise bodies one peer may have, each way; a further one replaces the oldest.',
    reference: 'RFC 7959 §2.5',
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
  'dtls.connection-id-length': {
    kind: 'count',
    default: 6,
    min: 0,
    max: 16,
    consequence:
      'Octets of the connection ids handed out; 0 turns them off, and then a device behind a NAT handshakes again after each silence.',
    reference: 'RFC 9146 §3',
    scope: 'listener',
    takesHold: 'restart',
  },
  'dtls.legacy-cid': {
    kind: 'choice',
    default: 'off',
    choices: ['off', 'on'],
    consequence:
      'Accept connection ids under the numbers 53 and 254 of old Californium and Mbed TLS, with their older MAC.',
    reference: 'RFC 9146 §8',
    scope: 'listener',
    takesHold: 'restart',
  },
  'dtls.legacy-cbc': {
    kind: 'choice',
    default: 'off',
    choices: ['off', 'on'],
    consequence:
      'Accept the two CBC suites, for modems that offer nothing else (Quectel BC66); weaker than every other suite.',
    reference: 'RFC 5487',
    scope: 'listener',
    takesHold: 'restart',
  },
  'dtls.client-authentication': {
    kind: 'choice',
    default: 'needed',
    choices: ['needed', 'wanted', 'none'],
    consequence: 'Whether a device without a pre-shared key must show a certificate or raw public key.',
    reference: 'RFC 5246 §7.4.4',
    scope: 'listener',
    takesHold: 'restart',
  },
  'dtls.extended-master-secret': {
    kind: 'choice',
    default: 'offered',
    choices: ['offered', 'required'],
    consequence: 'Required refuses devices that do not know it; offered serves them, without resumption.',
    reference: 'RFC 7627 §5.2',
    scope: 'listener',
    takesHold: 'restart',
  },
  'dtls.certificate-chain': {
    kind: 'count',
    default: 4,
    min: 1,
    max: 16,
    consequence: 'Certificates a device may send in one chain.',
    reference: 'RFC 5246 §7.4.2',
    scope: 'listener',
    takesHold: 'restart',
  },
  'dtls.associations': {
    kind: 'count',
    default: 100000,
    min: 100,
    max: 10000000,
    consequence:
      'Associations kept in memory; the one heard from longest ago is let go beyond it and read again from the store when it speaks.',
    scope: 'listener',
    takesHold: 'restart',
  },
  'dtls.associations-per-identity': {
    kind: 'count',
    default: 4,
    min: 1,
    max: 1000,
    consequence: 'Associations one identity may have in memory at a time; a further one ends its oldest.',
    scope: 'listener',
    takesHold: 'restart',
  },
  'dtls.association-lifetime': {
    kind: 'duration',
    default: 7776000000,
    min: 60000,
    max: 315360000000,
    consequence: 'How long a device may be silent before its association is given up and it must handshake again.',
    scope: 'listener',
    takesHold: 'restart',
  },
  'dtls.handshakes': {
    kind: 'count',
    default: 5000,
    min: 10,
    max: 1000000,
    consequence: 'Handshakes under way at a time; beyond it the one stalled longest is given up.',
    scope: 'listener',
    takesHold: 'restart',
  },
  'dtls.handshakes-per-prefix': {
    kind: 'count',
    default: 1000,
    min: 1,
    max: 1000000,
    consequence: 'Handshakes under way from one /24 (IPv4) or /56 (IPv6); beyond it hellos from there get no answer.',
    scope: 'listener',
    takesHold: 'restart',
  },
  'dtls.handshake-rate': {
    kind: 'count',
    default: 2000,
    min: 1,
    max: 1000000,
    consequence: 'New handshakes a second; more get no answer and come again by their own timers.',
    scope: 'listener',
    takesHold: 'restart',
  },
  'dtls.handshake-rate-per-prefix': {
    kind: 'count',
    default: 500,
    min: 1,
    max: 1000000,
    consequence: 'New handshakes a second from one /24 (IPv4) or /56 (IPv6).',
    scope: 'listener',
    takesHold: 'restart',
  },
  'dtls.handshake-octets': {
    kind: 'bytes',
    default: 8192,
    min: 1024,
    max: 131072,
    consequence:
      'Memory for the unfinished messages of one handshake; also its largest message, so it limits certificate chains.',
    reference: 'RFC 6347 §4.2.3',
    scope: 'listener',
    takesHold: 'restart',
  },
  'dtls.cookie-rotation': {
    kind: 'duration',
    default: 120000,
    min: 10000,
    max: 3600000,
    consequence: 'How long a cookie key makes cookies; it then checks them for as long again.',
    reference: 'RFC 6347 §4.2.1',
    scope: 'listener',
    takesHold: 'restart',
  },
  'dtls.credential-timeout': {
    kind: 'duration',
    default: 30000,
    min: 1000,
    max: 600000,
    consequence: 'How long a handshake waits for the credential store, and a record for its association.',
    scope: 'listener',
    takesHold: 'restart',
  },
  'dtls.sequence-reservation': {
    kind: 'count',
    default: 1024,
    min: 16,
    max: 1000000,
    consequence:
      'Records that may be sent between two reservations in the store; a crash skips at most that many numbers.',
    reference: 'RFC 6347 §4.1',
    scope: 'listener',
    takesHold: 'restart',
  },
  'dtls.recalls': {
    kind: 'count',
    default: 4096,
    min: 1,
    max: 1000000,
    consequence: 'Associations asked of the store at a time; further ones wait for the device to repeat itself.',
    scope: 'listener',
    takesHold: 'restart',
  },
  'dtls.sessions': {
    kind: 'count',
    default: 10000,
    min: 0,
    max: 1000000,
    consequence: 'Sessions kept for resumption by session id; 0 turns it off.',
    reference: 'RFC 5246 §7.3',
    scope: 'listener',
    takesHold: 'restart',
  },
  'dtls.session-lifetime': {
    kind: 'duration',
    default: 86400000,
    min: 1000,
    max: 604800000,
    consequence: 'How long a session may be resumed.',
    reference: 'RFC 5246 §F.1.4',
    scope: 'listener',
    takesHold: 'restart',
  },
  'dtls.forgery-rate': {
    kind: 'count',
    default: 200,
    min: 1,
    max: 1000000,
    consequence:
      'Records with a wrong MAC checked a second for one association; during a flood of them the rest is dropped unread.',
    reference: 'RFC 6347 §4.1.2.7',
    scope: 'listener',
    takesHold: 'restart',
  },
  'dtls.forgery-limit': {
    kind: 'count',
    default: 8388608,
    min: 100,
    max: 1000000000,
    consequence: 'Wrong MACs after which an association is closed, before its tags can be guessed.',
    reference: 'RFC 9147 §4.5.3',
    scope: 'listener',
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
  'operations.kept-per-device': {
    kind: 'count',
    default: 200,
    min: 1,
    max: 100_000,
    consequence: 'Finished operations kept for each device; beyond it the oldest are forgotten, idempotency keys too.',
    scope: 'server',
    takesHold: 'restart',
  },
  'events.kept': {
    kind: 'count',
    default: 1_000_000,
    min: 1000,
    max: 1_000_000_000,
    consequence: 'Events kept in the database, about 200 octets each; beyond it the oldest are forgotten.',
    scope: 'server',
    takesHold: 'restart',
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
  'http.body-limit': {
    kind: 'bytes',
    default: 262_144,
    min: 1024,
    max: 16_777_216,
    consequence: 'Largest JSON body of an API request; firmware images have a limit of their own.',
    scope: 'server',
    takesHold: 'restart',
  },
  'http.connections': {
    kind: 'count',
    default: 1000,
    min: 10,
    max: 100_000,
    consequence: 'TCP connections the HTTP API holds open; one more is closed at once.',
    scope: 'server',
    takesHold: 'restart',
  },
  'http.wait-limit': {
    kind: 'duration',
    default: 60_000,
    min: 0,
    max: 600_000,
    consequence: 'Longest an API request may wait for the outcome of an operation; a longer wait is cut to it.',
    scope: 'server',
    takesHold: 'restart',
  },
  'http.waiters': {
    kind: 'count',
    default: 1000,
    min: 0,
    max: 100_000,
    consequence: 'API requests that wait for an outcome at one time; one more is answered at once with 202.',
    scope: 'server',
    takesHold: 'restart',
  },
  'http.streams': {
    kind: 'count',
    default: 100,
    min: 0,
    max: 10_000,
    consequence: 'Event streams open at one time; one more gets 503.',
    scope: 'server',
    takesHold: 'restart',
  },
  'http.stream-stall': {
    kind: 'duration',
    default: 30_000,
    min: 1000,
    max: 600_000,
    consequence:
      'How long the reader of an event stream may leave its buffer full before it is disconnected; it can resume.',
    reference: 'HTML Living Standard §9.2',
    scope: 'server',
    takesHold: 'restart',
  },
  'http.stream-heartbeat': {
    kind: 'duration',
    default: 15_000,
    min: 1000,
    max: 600_000,
    consequence: 'How often a quiet event stream carries a comment, so that proxies keep it open.',
    reference: 'HTML Living Standard §9.2.7',
    scope: 'server',
    takesHold: 'restart',
  },
  'http.refusals-per-minute': {
    kind: 'count',
    default: 30,
    min: 1,
    max: 100_000,
    consequence: 'Requests with a wrong token that one address may make in a minute before it gets 429.',
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
  'firmware.cache': {
    kind: 'bytes',
    default: 67_108_864,
    min: 65_536,
    max: 4_294_967_296,
    consequence: 'Memory for image octets that devices are fetching; blocks outside it are read from the file again.',
    scope: 'server',
    takesHold: 'restart',
  },
  'firmware.attempts': {
    kind: 'count',
    default: 5,
    min: 1,
    max: 100,
    consequence: 'How often an interrupted update of one device is offered or installed again before it has failed.',
    scope: 'server',
    takesHold: 'live',
  },
  'firmware.stall': {
    kind: 'duration',
    default: 604_800_000,
    min: 60_000,
    max: 31_536_000_000,
    consequence: 'How long an update that has begun may go without progress before it has failed.',
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
