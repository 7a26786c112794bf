/** Knobs of the secured listener: where it listens and what it shows of itself. */
import { profileNames } from '../profiles.ts'
import type { Knob } from './knob.ts'

export const coapsKnobs = {
  'coaps.host': {
    kind: 'text',
    default: '0.0.0.0',
    consequence: 'Address CoAP over DTLS listens on; :: serves IPv6 and IPv4 where the machine has both.',
    scope: 'listener',
    takesHold: 'restart',
  },
  'coaps.port': {
    kind: 'count',
    default: 5684,
    min: 0,
    max: 65535,
    consequence: 'UDP port of CoAP over DTLS; 0 takes a free one.',
    reference: 'RFC 7252 §6.2',
    scope: 'listener',
    takesHold: 'restart',
  },
  'coaps.listen': {
    kind: 'choice',
    default: 'on',
    choices: ['on', 'off'],
    consequence: 'Off serves plain CoAP only.',
    scope: 'listener',
    takesHold: 'restart',
  },
  'coaps.public-uri': {
    kind: 'text',
    default: '',
    consequence:
      'How devices reach this listener, without a path (coaps://iot.example.net:5684); firmware is offered to secured devices under it. Empty: the address it is bound to, or where that is every address, one of this machine that others can reach.',
    scope: 'listener',
    takesHold: 'restart',
  },
  'coaps.profile': {
    kind: 'choice',
    default: 'nbiot',
    choices: profileNames,
    consequence:
      'Network profile of devices on this listener that nothing else gives one: timers, block sizes, awake window.',
    scope: 'listener',
    takesHold: 'restart',
  },
  'coaps.certificate': {
    kind: 'text',
    default: '',
    consequence: 'PEM file with our certificate, our own first; without one only pre-shared keys are served.',
    reference: 'RFC 5246 §7.4.2',
    scope: 'listener',
    takesHold: 'restart',
  },
  'coaps.key': {
    kind: 'text',
    default: '',
    consequence: 'PEM file with the private key of our certificate, or alone for raw public keys.',
    reference: 'RFC 7250 §3',
    scope: 'listener',
    takesHold: 'restart',
  },
  'coaps.authorities': {
    kind: 'text',
    default: '',
    consequence: 'PEM file with the authorities whose certificates devices may show.',
    scope: 'listener',
    takesHold: 'restart',
  },
} as const satisfies Readonly<Record<string, Knob>>
