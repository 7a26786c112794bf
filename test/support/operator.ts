/** What an operator does through the HTTP API of a server under test: asks devices and looks at what became of it. */
import assert from 'node:assert/strict'
import type { OperationJson } from '../../src/api/contract/operation.ts'
import type { EventJson } from '../../src/api/contract/event.ts'
import type { ShippedServer } from './shipped-server.ts'

export class Operator {
  readonly #server: () => ShippedServer

  /** `server` is asked for each time, since tests end one and start the next. */
  constructor(server: () => ShippedServer) {
    this.#server = server
  }

  /** Fails with what the server said where it refuses. */
  async json<T>(method: string, path: string, body?: object): Promise<T> {
    const answer = await this.#server().fetch(path, { method, ...(body && { body: JSON.stringify(body) }) })
    const text = await answer.text()
    assert.equal(answer.ok ? '' : text, '', `${method} ${path}`)
    return JSON.parse(text) as T
  }

  /** An operation with its outcome; whatever it is. */
  asks(endpoint: string, kind: string, path: string, value?: unknown, more: object = {}): Promise<OperationJson> {
    const draft = { kind, path, ...(value !== undefined && { value }), ...more }
    return this.json('POST', `/v1/devices/${endpoint}/operations?wait=20s`, draft)
  }

  /** The result of an operation the device did. */
  async gets(endpoint: string, kind: string, path: string, value?: unknown): Promise<unknown> {
    const operation = await this.asks(endpoint, kind, path, value)
    const { state, detail = '', result } = operation
    assert.deepEqual([kind, path, state, detail], [kind, path, 'acknowledged', ''])
    return result
  }

  async events(endpoint: string, kind: string): Promise<readonly EventJson[]> {
    const query = `endpoint=${encodeURIComponent(endpoint)}&kind=${kind}&limit=100`
    return (await this.json<{ events: EventJson[] }>('GET', `/v1/events?${query}`)).events
  }

  /** Values that came unasked in events of `kind`, in order, by their path. */
  async samples(endpoint: string, kind: 'notification' | 'send', path: string): Promise<readonly unknown[]> {
    const events = await this.events(endpoint, kind)
    const samples = events.flatMap(({ detail }) => (detail['samples'] ?? []) as { path: string; value: unknown }[])
    return samples.filter((sample) => sample.path === path).map(({ value }) => value)
  }
}
