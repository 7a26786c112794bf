/** A UDP relay for one client that can forget it, as a NAT does: the server then sees another port. */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'

const host = '127.0.0.1'

export class NatRelay {
  /** What the client takes for the server. */
  readonly port: number
  readonly #front: Socket
  readonly #serverPort: () => number
  #back: Socket
  #client = 0

  private constructor(front: Socket, serverPort: () => number) {
    this.#front = front
    this.port = front.address().port
    this.#serverPort = serverPort
    this.#back = this.#open()
    front.on('message', (datagram, { port }) => {
      this.#client = port
      this.#back.send(datagram, this.#serverPort(), host)
    })
  }

  static async open(serverPort: () => number): Promise<NatRelay> {
    const front = createSocket('udp4').bind(0, host)
    await once(front, 'listening')
    return new NatRelay(front, serverPort)
  }

  rebind(): void {
    this.#back.close()
    this.#back = this.#open()
  }

  close(): void {
    this.#front.close()
    this.#back.close()
  }

  #open(): Socket {
    const back = createSocket('udp4')
    back.on('message', (datagram) => this.#front.send(datagram, this.#client, host))
    return back
  }
}
