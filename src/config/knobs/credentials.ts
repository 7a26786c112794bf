/** Knobs of what devices prove themselves with, and of the log of handshakes. */
import type { Knob } from './knob.ts'

export const credentialsKnobs = {
  'credentials.grace': {
    kind: 'duration',
    default: 172_800_000,
    min: 0,
    max: 31_536_000_000,
    consequence:
      'How long a rotated credential is still accepted once its successor has been used; two registration lifetimes leave a device time to fall back.',
    scope: 'server',
    takesHold: 'live',
  },
  'credentials.import-limit': {
    kind: 'bytes',
    default: 16_777_216,
    min: 1024,
    max: 268_435_456,
    consequence:
      'Largest file of keys that can be imported; all its rows are one transaction, for which devices wait about a second in 100 000 rows.',
    scope: 'server',
    takesHold: 'live',
  },
  'handshakes.kept': {
    kind: 'count',
    default: 1000,
    min: 0,
    max: 100_000,
    consequence: 'Handshakes kept in memory for people to look at: so many that failed, and so many that did not.',
    scope: 'server',
    takesHold: 'restart',
  },
} as const satisfies Readonly<Record<string, Knob>>
