/**
 * Following events: server-sent events (HTML Living Standard §9.2), with a new connection where the old
 * one broke and no event lost or told twice. Ends when the user presses Ctrl-C.
 */
import type { EventJson } from '../api/contract/event.ts'
import type { Call } from '../api/contract/routes.ts'
import { Unreachable, type Client } from './client.ts'
import { CommandFailure, Interrupted } from './failure.ts'
import type { Surroundings } from './surroundings.ts'

/** Which events, and after which of them. */
export interface Following {
  readonly query: Omit<Call<'events'>['query'], 'after' | 'limit'>
  readonly after: number
}

/** Milliseconds between two attempts: doubled each time up to the second. */
const firstPause = 500
const longestPause = 5000

/** The id of the newest event: following from there misses nothing that comes later. */
export async function newestEvent(client: Client): Promise<number> {
  return (await client.call('events', { query: { limit: 1 } })).next
}

/** Yields until interrupted. Throws where the first connection fails, or the server will not have us. */
export function followEvents(
  client: Client,
  surroundings: Surroundings,
  { query, after }: Following,
): AsyncGenerator<EventJson, void> {
  return follow((last) => client.events(query, last, surroundings.interrupted), surroundings, after)
}

/** The same of anything with ids that rise; `open` connects to what comes after the one of that id. */
export async function* follow<T extends { readonly id: number }>(
  open: (last: number) => Promise<Response>,
  { interrupted, err, pause: wait }: Surroundings,
  after: number,
): AsyncGenerator<T, void> {
  let last = after
  let connected = false
  let pause = firstPause
  while (!interrupted.aborted) {
    try {
      const response = await open(last)
      if (connected) err.write('connected again\n')
      connected = true
      pause = firstPause
      for await (const event of eventsOf<T>(response)) {
        last = event.id
        yield event
      }
    } catch (error) {
      if (interrupted.aborted || error instanceof Interrupted) return
      // What is wrong before anything was followed will not mend itself; a server that restarts will.
      const passing = error instanceof Unreachable || !(error instanceof CommandFailure)
      if (!connected || !passing) throw error
    }
    if (interrupted.aborted) return
    if (pause === firstPause) err.write('the connection is lost, trying again …\n')
    await wait(pause, interrupted)
    pause = Math.min(2 * pause, longestPause)
  }
}

/** The events of one response, until it ends or breaks. */
async function* eventsOf<T>(response: Response): AsyncGenerator<T, void> {
  if (response.body === null) return
  let text = ''
  let data = ''
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk
    const lines = text.split(/\r?\n/)
    text = lines.pop()!
    for (const line of lines) {
      if (line === '') {
        if (data !== '') yield JSON.parse(data) as T
        data = ''
      } else if (line.startsWith('data:')) data += line.slice('data:'.length).trimStart()
    }
  }
}
