/** The Python client aiocoap against our endpoint: bodies both ways and an observation. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CoapSocket } from '../../support/coap-socket.ts'
import { LossyRelay } from '../../support/lossy-relay.ts'
import { runProgram } from '../../support/program.ts'
import { aiocoapPeer } from '../../support/coap-devices.ts'

const { built, skipped } = aiocoapPeer
const program = `${aiocoapPeer.programs}/aiocoap-client`
/** What it says, asked for all it knows, when a notification has found its request. */
const acknowledged = /matched to request[^]*Sending empty ACK/

function ask(port: number, path: string, ...args: readonly string[]): Promise<string> {
  const until = args.includes('--observe') ? acknowledged : /(?!)/
  // Python keeps what it writes to a pipe until the end, unless told otherwise.
  return runProgram({
    program: 'env',
    args: ['PYTHONUNBUFFERED=1', program, ...args, `coap://127.0.0.1:${port}/${path}`],
    until,
    deadline: 20_000,
  })
}

describe.skipIf(!built)(`aiocoap-client ${skipped}`, () => {
  let server: CoapSocket
  beforeAll(async () => {
    server = await CoapSocket.open(4)
  })
  afterAll(() => server.close())

  it('writes and reads a body of many blocks', async () => {
    const text = 'all work and no play '.repeat(1000)
    await ask(server.port, 'body', '-m', 'PUT', '--payload', text)
    expect(Buffer.from(server.held.get('body')!.payload).toString()).toBe(text)
    expect((await ask(server.port, 'body', '--quiet')).trimEnd()).toBe(text.trimEnd())
  })

  it('reads where a tenth of the datagrams is lost', async () => {
    const relay = await LossyRelay.open(server.port, {
      seed: 6,
      drop: 0.1,
      duplicate: 0.1,
      delay: 0.1,
      delayLimit: 10,
    })
    server.publish('lossy', Buffer.from('a'.repeat(4096)))
    expect((await ask(relay.port, 'lossy', '--quiet')).trimEnd()).toBe('a'.repeat(4096))
    relay.close()
  })

  it('observes', async () => {
    let tick = 0
    server.publish('time', Buffer.from('tick 0'))
    const ticks = setInterval(() => server.publish('time', Buffer.from(`tick ${++tick}`)), 300)
    expect(await ask(server.port, 'time', '-vvv', '--observe')).toMatch(acknowledged)
    clearInterval(ticks)
  })
})
