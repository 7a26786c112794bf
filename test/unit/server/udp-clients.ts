/** Support for the UDP tests: a client socket that awaits datagrams, and a handler that writes down. */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { performance } from 'node:perf_hooks'
import { instantOf } from '../../../src/base/time.ts'
import type { PathNumber, TransportHandler, TransportOptions } from '../../../src/server/transport.ts'

export interface Seen {
  readonly what: 'receive' | 'turn' | 'forgotten' | 'unreachable'
  readonly path?: PathNumber
  readonly text?: string
}

/** Writes down every call, and lets a test wait until a condition on them holds. */
export class RecordingHandler implements TransportHandler {
  readonly seen: Seen[] = []
  onReceive: ((path: PathNumber, text: string) => void) | undefined
  #waiting: { condition: () => boolean; resolve: () => void }[] = []

  receive(_now: number, path: PathNumber, buffer: Uint8Array, start: number, end: number): void {
    const text = Buffer.from(buffer.subarray(start, end)).toString('latin1')
    // The octets are ours during the call only: whoever kept a view must notice.
    buffer.fill(0xee, start, end)
    this.#note({ what: 'receive', path, text })
    this.onReceive?.(path, text)
  }
  turn(): void {
    this.#note({ what: 'turn' })
  }
  pathForgotten(_now: number, path: PathNumber): void {
    this.#note({ what: 'forgotten', path })
  }
  unreachable(_now: number, path: PathNumber): void {
    this.#note({ what: 'unreachable', path })
  }

  texts(): string[] {
    return this.seen.flatMap((entry) => (entry.text === undefined ? [] : [entry.text]))
  }
  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push({ condition, resolve }))
  }
  #note(entry: Seen): void {
    this.seen.push(entry)
    const ready = this.#waiting.filter(({ condition }) => condition())
    this.#waiting = this.#waiting.filter((one) => !ready.includes(one))
    for (const { resolve } of ready) resolve()
  }
}

export function transportOptions(handler: TransportHandler, host = '127.0.0.1'): TransportOptions {
  return {
    host,
    port: 0,
    pathLimit: 1000,
    sendQueueLimit: 1_048_576,
    receiveBuffer: 1_048_576,
    now: () => instantOf(performance.timeOrigin + performance.now()),
    handler,
  }
}

export interface Client {
  readonly socket: Socket
  readonly port: number
  send(text: string | Uint8Array, port: number, address?: string): void
  /** The next datagram that arrives, as latin1 text, with its source. */
  next(): Promise<{ text: string; address: string; port: number }>
  close(): Promise<void>
}

export async function openClient(address = '127.0.0.1'): Promise<Client> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  const arrived: { text: string; address: string; port: number }[] = []
  const waiting: ((datagram: { text: string; address: string; port: number }) => void)[] = []
  socket.on('message', (bytes, from) => {
    const datagram = { text: bytes.toString('latin1'), address: from.address, port: from.port }
    const first = waiting.shift()
    if (first === undefined) arrived.push(datagram)
    else first(datagram)
  })
  socket.bind(0, address)
  await once(socket, 'listening')
  return {
    socket,
    port: socket.address().port,
    send: (text, port, to = address) => socket.send(text, port, to),
    next: () => {
      const first = arrived.shift()
      return first === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(first)
    },
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  }
}
