/** Knobs of the UDP sockets. */
import type { Knob } from './knob.ts'

export const udpKnobs = {
  'udp.transport': {
    kind: 'choice',
    default: 'auto',
    choices: ['auto', 'native', 'dgram'],
    consequence:
      'How datagrams travel: in batches through the native add-on, one by one through Node, or (auto) the first of these that works here. Through Node a machine with several addresses may answer from another one than it was asked at: bind to one then.',
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
} as const satisfies Readonly<Record<string, Knob>>
