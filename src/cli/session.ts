/** What a command works with: the server, the way out, and the user's choices, from the global options. */
import { millisecondsOf } from '../config/load.ts'
import { Client } from './client.ts'
import { usageFailure } from './failure.ts'
import { formatOf, Output } from './output.ts'
import { serverAddress } from './server-address.ts'
import { paintFor, type Paint } from './style.ts'
import type { Surroundings } from './surroundings.ts'

export interface GlobalOptions {
  readonly server?: string
  readonly token?: string
  readonly output: string
  readonly color: boolean
  readonly timeout: string
}

export interface Session {
  readonly surroundings: Surroundings
  readonly client: Client
  readonly output: Output
  readonly paint: Paint
  /** Milliseconds to wait for a device. */
  readonly timeout: number
  /** A line for people beside the answer. */
  readonly note: (text: string) => void
}

/** Throws CommandFailure where an option makes no sense. */
export function openSession(options: GlobalOptions, surroundings: Surroundings): Session {
  const paint = paintFor(surroundings, options.color)
  const output = new Output(formatOf(options.output), surroundings, paint)
  let client: Client | undefined
  return {
    surroundings,
    // Made when it is asked for: not every command speaks to a server.
    get client() {
      return (client ??= new Client(serverAddress(options, surroundings), surroundings))
    },
    output,
    paint,
    timeout: durationOf('--timeout', options.timeout),
    note: (text) => surroundings.err.write(`${text}\n`),
  }
}

/** Milliseconds of `30s`, `5m`, `2h`. */
export function durationOf(flag: string, text: string): number {
  const milliseconds = millisecondsOf(text)
  // The environment counts bare numbers in milliseconds; here people mean seconds, or minutes.
  const isBare = milliseconds > 0 && /^[\d.\s]*$/.test(text)
  if (Number.isNaN(milliseconds) || isBare) {
    const wrong = isBare ? 'has no unit' : 'is no duration'
    throw usageFailure(`${flag} '${text}' ${wrong}`, 'for example 500ms, 30s, 5m, 2h')
  }
  return milliseconds
}

/** A whole number of at least `least`. */
export function countOf(what: string, text: string, least = 0): number {
  const count = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (Number.isNaN(count) || count < least) {
    throw usageFailure(`${what} '${text}' is no whole number${least > 0 ? ` from ${least} up` : ''}`)
  }
  return count
}

/** `name=value` pairs; a value may hold `=`. */
export function pairsOf(flag: string, pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=')
      if (at < 1) throw usageFailure(`${flag} '${pair}' is not name=value`, `for example ${flag} site=berlin`)
      return [pair.slice(0, at), pair.slice(at + 1)]
    }),
  )
}
