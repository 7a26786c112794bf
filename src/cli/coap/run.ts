/** What each command of `coapstan coap` does once its words are understood: the wire, the exchange, the answer. */
import { CommandFailure } from '../failure.ts'
import type { Psk } from '../../device/carrier.ts'
import type { Session } from '../session.ts'
import { CoapClient, type RequestOptions } from './client.ts'
import { datagramOf } from './datagram.ts'
import { datagramLine } from './datagram-line.ts'
import { isSuccess, showReply } from './show.ts'
import type { Target } from './target.ts'
import { openWire, type Wire } from './wire.ts'

export interface Calling {
  readonly session: Session
  readonly target: Target
  readonly psk: Psk | undefined
  /** Of the request. */
  readonly token: Buffer | undefined
  readonly isTraced: boolean
  /** Only the payload's octets are wanted. */
  readonly isRaw: boolean
}

export function runRequest(calling: Calling, request: RequestOptions): Promise<number> {
  return withClient(calling, async (client) => {
    const reply = await client.exchange(request)
    await showReply(calling.session, reply, calling.isRaw)
    return isSuccess(reply) ? 0 : 1
  })
}

export interface ObserveLimits {
  /** Answers, the first among them. */
  readonly count: number | undefined
  /** Milliseconds. */
  readonly duration: number | undefined
}

/** Longest wait for the answer to a cancellation, in milliseconds. */
const farewell = 3000

export function runObserve(calling: Calling, request: RequestOptions, limits: ObserveLimits): Promise<number> {
  const { session, isRaw } = calling
  const token = calling.token ?? Buffer.from(crypto.getRandomValues(new Uint8Array(8)))
  return withClient(calling, async (client, wire) => {
    const over = Promise.withResolvers<number>()
    let shown = Promise.resolve()
    let left = limits.count ?? Number.POSITIVE_INFINITY
    const observed = await client.observe({ ...request, token }, (notification) => {
      if (left <= 0) return
      if (--left === 0 || !isSuccess(notification)) over.resolve(isSuccess(notification) ? 0 : 1)
      shown = shown.then(() => showReply(session, notification, isRaw))
    })
    await showReply(session, observed.reply, isRaw)
    if (!isSuccess(observed.reply)) return 1
    if (!observed.isObserved) {
      session.note('this resource does not tell of changes: it answered without the Observe option')
      return 1
    }
    if (--left <= 0) over.resolve(0)
    const { interrupted } = session.surroundings
    const timer = setTimeout(() => over.resolve(0), limits.duration ?? longestTimer)
    const stop = (): void => over.resolve(0)
    interrupted.addEventListener('abort', stop)
    wire.broken.catch(over.reject)
    const exitCode = await over.promise.finally(() => clearTimeout(timer))
    interrupted.removeEventListener('abort', stop)
    await shown
    observed.end()
    await client.cancel({ ...request, token }, farewell).catch((failure: unknown) => {
      if (!(failure instanceof CommandFailure)) throw failure
      session.note('the server did not confirm that the observation is over')
    })
    return exitCode
  })
}

/** What a timer can hold: 24 days. */
const longestTimer = 2 ** 31 - 1

export function runPing(calling: Calling, count: number): Promise<number> {
  const { session, target } = calling
  return withClient(calling, async (client) => {
    for (let i = 0; i < count; i++) {
      if (i > 0) await session.surroundings.pause(1000, session.surroundings.interrupted)
      const { roundTrip, answer } = await client.ping()
      const milliseconds = Math.round(roundTrip * 10) / 10
      const odd = answer === 'RST' ? '' : `, though with ${answer} where RST belongs (RFC 7252 §4.3)`
      await session.output.next(
        { uri: target.uri, answer, roundTripMilliseconds: milliseconds },
        {
          columns: [
            { title: 'URI', text: ({ uri }) => uri },
            { title: 'ANSWER', text: (row) => row.answer },
            { title: 'MILLISECONDS', text: (row) => String(row.roundTripMilliseconds) },
          ],
          name: ({ uri }) => uri,
          line: `${target.uri} is there: ${milliseconds} ms${odd}`,
        },
      )
    }
    return 0
  })
}

async function withClient(calling: Calling, use: (client: CoapClient, wire: Wire) => Promise<number>): Promise<number> {
  const { session, target, psk } = calling
  const wire = await openWire(target, psk)
  if (calling.isTraced) traceTo(session, wire)
  const client = new CoapClient(wire, target, session.timeout, session.surroundings.interrupted)
  try {
    return await use(client, wire)
  } finally {
    client.close()
  }
}

/** Below the answer's own stream, so that it can be cut off. */
function traceTo({ surroundings, paint }: Session, wire: Wire): void {
  wire.tap((direction, octets) => {
    const at = new Date(surroundings.now()).toISOString()
    const line = datagramLine({ at, direction, size: octets.length, datagram: datagramOf(octets) }, paint)
    surroundings.err.write(`${line}\n`)
  })
}
