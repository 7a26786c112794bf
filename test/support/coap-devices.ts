/**
 * Devices on CoAP libraries we did not write, built by `scripts/build-peers.sh`: told in lines of JSON what to ask the
 * server, and answering what it asks them. The programs are in `interop/coap/peers`.
 */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { LinePeer } from './line-peer.ts'

const peers = fileURLToPath(new URL('../interop/coap/peers/', import.meta.url))
const programs = `${peers}build/aiocoap/bin`
const goProgram = `${peers}build/gocoap-peer`
const javaPrograms = `${peers}build/javacoap`
const skipped = '(skipped where scripts/build-peers.sh did not build it)'

export const aiocoapPeer = { built: existsSync(`${programs}/aiocoap-client`), skipped, programs }
export const goCoapPeer = { built: existsSync(goProgram), skipped }
export const javaCoapPeer = { built: existsSync(`${javaPrograms}/client.jar`), skipped }

export interface Told {
  /** 2.05; what went wrong where nothing came. */
  readonly code: string
  /** Hex. */
  readonly payload: string
  /** `/rd/x` of a 2.01. */
  readonly location: string
}

export interface Ask {
  readonly query?: readonly string[]
  /** Hex. */
  readonly payload?: string
  readonly format?: number
  /** Of the first block: 16·2^szx octets. Not go-coap. */
  readonly szx?: number
  /** Not aiocoap. */
  readonly observe?: true
}

export class CoapDevice {
  readonly #lines: LinePeer

  private constructor(lines: LinePeer) {
    this.#lines = lines
  }

  static onAiocoap(port: number): Promise<CoapDevice> {
    return CoapDevice.#open(new LinePeer(`${programs}/python`, [`${peers}aiocoap/peer.py`, `127.0.0.1:${port}`]))
  }

  /** Over DTLS where it is given a key. */
  static onGoCoap(port: number, psk?: { readonly identity: string; readonly key: string }): Promise<CoapDevice> {
    const secrets = psk === undefined ? [] : ['-identity', psk.identity, '-key', psk.key]
    return CoapDevice.#open(new LinePeer(goProgram, ['-target', `127.0.0.1:${port}`, ...secrets]))
  }

  static onJavaCoap(port: number): Promise<CoapDevice> {
    return CoapDevice.#open(new LinePeer('java', ['-cp', `${javaPrograms}/*`, 'Device', `127.0.0.1:${port}`]))
  }

  static async #open(lines: LinePeer): Promise<CoapDevice> {
    const device = new CoapDevice(lines)
    await device.says('open')
    return device
  }

  async asks(method: string, path: string, more: Ask = {}): Promise<Told> {
    this.#lines.tell(JSON.stringify({ method, path, ...more }))
    return (await this.says('code')) as Told
  }

  /** From here on those who observe /3303/0/5700 are told. Not go-coap. */
  set(value: number): void {
    this.#lines.tell(JSON.stringify({ set: String(value) }))
  }

  /** The next line that has `member`; rejects with what else was said. */
  async says(member: string): Promise<unknown> {
    const line = await this.#lines.hear((text) => member in (JSON.parse(text) as object), 15_000)
    if (line === undefined) throw new Error(`nothing with ${member} was said: ${this.#lines.unheard.join(' ')}`)
    return JSON.parse(line)
  }

  close(): Promise<void> {
    return this.#lines.close()
  }
}
