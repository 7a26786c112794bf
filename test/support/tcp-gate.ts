/** A TCP relay in front of a server that can stop in the middle of an answer, or answer in its place. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

export class TcpGate {
  /** Of the server behind it. */
  target = 0
  /** Octets of an answer that connections from now on let through; the rest never comes. */
  limit = Number.POSITIVE_INFINITY
  /** Said instead of asking the server. */
  answer: string | undefined
  /** Octets let through, by connection. */
  readonly passed: number[] = []
  readonly #server = createServer((client) => this.#relay(client))
  readonly #held = Promise.withResolvers<void>()

  static async open(): Promise<TcpGate> {
    const gate = new TcpGate()
    gate.#server.listen(0, '127.0.0.1')
    await once(gate.#server, 'listening')
    return gate
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Resolves when an answer has come to its limit. */
  get held(): Promise<void> {
    return this.#held.promise
  }

  close(): void {
    this.#server.close()
  }

  #relay(client: Socket): void {
    client.on('error', () => client.destroy())
    const { answer } = this
    if (answer !== undefined) {
      client.once('data', () => client.end(answer))
      return
    }
    const index = this.passed.push(0) - 1
    const { limit } = this
    const server = connect(this.target, '127.0.0.1')
    client.on('data', (octets: Buffer) => server.write(octets))
    client.on('close', () => server.destroy())
    server.on('data', (octets: Buffer) => {
      const room = limit - this.passed[index]!
      const part = octets.subarray(0, Math.max(0, room))
      this.passed[index]! += part.length
      if (part.length > 0) client.write(part)
      if (part.length < octets.length) this.#held.resolve()
    })
    server.on('error', () => server.destroy())
    server.on('close', () => client.end())
  }
}

/** A TCP port nothing listens on. */
export async function freeTcpPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
