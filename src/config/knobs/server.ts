/** Knobs of the process itself. */
import type { Knob } from './knob.ts'

export const serverKnobs = {
  'data.directory': {
    kind: 'text',
    default: 'data',
    consequence: 'Where the database, firmware images, keys and the API token live; one server a directory.',
    scope: 'server',
    takesHold: 'restart',
  },
  shards: {
    kind: 'count',
    default: 1,
    min: 1,
    max: 64,
    consequence:
      'Threads that serve devices, each with its own socket on the shared ports; one thread more keeps the store. Pays from three cores on; with two, only for what stores nothing.',
    scope: 'server',
    takesHold: 'restart',
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
