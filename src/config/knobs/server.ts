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
  'log.level': {
    kind: 'choice',
    default: 'info',
    choices: ['debug', 'info', 'warn', 'error'],
    consequence: 'The least serious line that is still written.',
    scope: 'server',
    takesHold: 'restart',
  },
} as const satisfies Readonly<Record<string, Knob>>
