/**
 * `coapstan coap` against other ends: a scripted one that answers as a test says, libcoap's server, and our own
 * DTLS. The command line runs in this process, its datagrams on loopback.
 */
import { createSocket, type Socket } from 'node:dgram'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { datagramOf, lineOf } from '../../support/coap-notation.ts'
import { echo, interopServer, pskIdentity, pskText } from '../../support/dtls-interop.ts'
import { DtlsUdpServer } from '../../support/dtls-udp-server.ts'
import { libcoapServer, LibcoapServer } from '../../support/libcoap.ts'
import { cliUnderTest, type CliUnderTest, type Ran } from '../../unit/cli/cli-under-test.ts'

let cli: CliUnderTest
beforeEach(async () => {
  cli = await cliUnderTest()
})

const coap = (...argv: readonly string[]): Promise<Ran> => cli.run('coap', ...argv)

describe('a scripted server', () => {
  let socket: Socket
  let port = 0
  let heard: string[]
  /** What it answers; `$mid` and `[$token]` are those of the request. */
  let script: (line: string, index: number) => readonly string[]

  beforeEach(async () => {
    heard = []
    script = () => []
    socket = createSocket('udp4')
    socket.on('message', (octets, remote) => {
      const line = lineOf(octets)
      heard.push(line)
      const token = octets.subarray(4, 4 + (octets[0]! & 15)).toString('hex')
      for (const answer of script(line, heard.length - 1)) {
        const filled = answer.replace('$mid', String(octets.readUInt16BE(2))).replace('$token', token)
        socket.send(datagramOf(filled), remote.port, remote.address)
      }
    })
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
    port = socket.address().port
  })
  afterEach(() => new Promise<void>((resolve) => socket.close(() => resolve())))

  it('GET: options go out as they were asked for, the answer is shown with its payload', async () => {
    script = () => ['ACK $mid 2.05 [$token] Content-Format=50 ETag=0xcafe "{}"']
    const { code, out, err } = await coap('get', `127.0.0.1:${port}/a/b?c=1`, '--accept', 'json', '--token', '0a0b')
    expect([code, err]).toEqual([0, ''])
    expect(heard[0]).toMatch(/^CON \d+ GET \[0a0b\] \/a \/b Uri-Query=c=1 Accept=50$/)
    expect(out).toMatch(
      /^2\.05 Content {2}ETag=0xcafe {2}Content-Format=50 \(application\/json\) {2}2 B {2}[\d.]+ ms\n{}\n$/,
    )
  })

  it.each([
    ['post', 'POST'],
    ['put', 'PUT'],
    ['fetch', 'FETCH'],
  ])('%s carries a payload, of a file too', async (command, method) => {
    cli.files.set('p.txt', 'from a file')
    script = () => ['ACK $mid 2.04 [$token]']
    const uri = `127.0.0.1:${port}/x`
    expect((await coap(command, uri, '--payload', 'hi', '--content-format', 'text')).code).toBe(0)
    expect((await coap(command, uri, '--payload-file', 'p.txt', '--content-format', '11542')).code).toBe(0)
    expect(heard[0]).toMatch(new RegExp(`^CON \\d+ ${method} \\[\\w+\\] /x Content-Format=0 "hi"$`))
    expect(heard[1]).toMatch(/ Content-Format=11542 "from a file"$/)
  })

  it('DELETE, non-confirmable', async () => {
    script = () => ['NON 9 2.02 [$token]']
    expect(await coap('delete', `127.0.0.1:${port}/x`, '--non')).toMatchObject({ code: 0 })
    expect(heard[0]).toMatch(/^NON \d+ DELETE /)
  })

  it('a separate response is acknowledged', async () => {
    script = (line) => (line.startsWith('CON') ? ['ACK $mid EMPTY', 'CON 77 2.05 [$token] "late"'] : [])
    expect((await coap('get', `127.0.0.1:${port}/x`)).out).toMatch(/late\n$/)
    await vi.waitFor(() => expect(heard[1]).toBe('ACK 77 EMPTY'))
  })

  it('--trace shows each datagram, decoded', async () => {
    script = () => ['ACK $mid 2.05 [$token] "x"']
    const { err } = await coap('get', `127.0.0.1:${port}/x`, '--token', '0a', '--trace')
    expect(err).toMatch(
      /^\S+Z → CON GET {2}MID \d+ {2}\[0a\] {2}\/x {2}7 B\n\S+Z ← ACK 2\.05 Content {2}MID \d+ {2}\[0a\] {2}7 B\n$/,
    )
  })

  it('-o raw is the payload alone, -o json all there is', async () => {
    script = () => ['ACK $mid 2.05 [$token] Content-Format=42 <00ff>']
    expect(await coap('get', `127.0.0.1:${port}/x`, '-o', 'raw')).toEqual({ code: 0, out: '\u0000ÿ', err: '' })
    const { out } = await coap('get', `127.0.0.1:${port}/x`, '-o', 'json')
    expect(JSON.parse(out)).toMatchObject({
      code: '2.05',
      codeName: 'Content',
      size: 2,
      payload: '00ff',
      payloadHex: '00ff',
    })
  })

  it.each([
    ['4.04', '4.04 Not Found'],
    ['5.03', '5.03 Service Unavailable'],
  ])('%s ends with 1', async (answer, line) => {
    script = () => [`ACK $mid ${answer} [$token] "no"`]
    const { code, out } = await coap('get', `127.0.0.1:${port}/x`)
    expect([code, out]).toEqual([1, expect.stringMatching(new RegExp(`^${line} .*\nno\n$`))])
    expect((await coap('get', `127.0.0.1:${port}/x`, '-o', 'raw')).err).toContain(line)
  })

  it('RST is told as such', async () => {
    script = () => ['RST $mid EMPTY']
    const { code, err } = await coap('get', `127.0.0.1:${port}/x`)
    expect([code, err]).toEqual([1, expect.stringContaining('rejected the request with RST')])
  })

  it('silence ends at --timeout and says what to try; an ACK without an answer says so', async () => {
    const uri = `127.0.0.1:${port}/x`
    const { code, err } = await coap('get', uri, '--timeout', '60ms')
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(/no answer from .* within 0\.06 s\n.*\n.*coapstan coap ping/),
    ])
    script = () => ['ACK $mid EMPTY']
    expect((await coap('get', uri, '--timeout', '60ms')).err).toContain('acknowledged the request, but did not answer')
    script = () => []
    expect((await coap('ping', uri, '--timeout', '60ms')).code).toBe(1)
  })

  it('a long payload goes in blocks, and so does a long answer', async () => {
    script = (line) => {
      const block1 = /Block1=(\d+)\/(\d)\/(\d+)/.exec(line)
      if (block1)
        return [`ACK $mid ${block1[2] === '1' ? '2.31' : '2.04'} [$token] Block1=${block1.slice(1).join('/')}`]
      const num = Number(/Block2=(\d+)/.exec(line)?.[1] ?? 0)
      return [`ACK $mid 2.05 [$token] Block2=${num}/${num < 2 ? 1 : 0}/32 "${String(num).repeat(num < 2 ? 32 : 5)}"`]
    }
    const uri = `127.0.0.1:${port}/x`
    expect((await coap('put', uri, '--payload', 'y'.repeat(150), '--block-size', '64')).code).toBe(0)
    expect(heard.map((line) => /Block1=(\S+)/.exec(line)?.[1])).toEqual(['0/1/64', '1/1/64', '2/0/64'])
    heard.length = 0
    const { out } = await coap('get', uri, '--block-size', '32', '-o', 'raw')
    expect(out).toBe(`${'0'.repeat(32)}${'1'.repeat(32)}22222`)
    expect(heard.map((line) => /Block2=(\S+)/.exec(line)?.[1])).toEqual(['0/0/32', '1/0/32', '2/0/32'])
  })

  it('observe: answers as they come, cancelled in the end', async () => {
    script = (line) =>
      line.includes('Observe=0')
        ? [
            'ACK $mid 2.05 [$token] Observe=1 "a"',
            'CON 5 2.05 [$token] Observe=2 "b"',
            'NON 6 2.05 [$token] Observe=3 "c"',
          ]
        : line.includes('Observe=1')
          ? ['ACK $mid 2.05 [$token] "c"']
          : []
    const { code, out, err } = await coap('observe', `127.0.0.1:${port}/t`, '--count', '3', '--token', '0a')
    expect([code, err]).toEqual([0, ''])
    expect(out.match(/^2\.05 Content {2}Observe=\d|^[abc]$/gm)).toEqual([
      '2.05 Content  Observe=1',
      'a',
      '2.05 Content  Observe=2',
      'b',
      '2.05 Content  Observe=3',
      'c',
    ])
    expect(heard.at(-1)).toMatch(/^CON \d+ GET \[0a\] Observe=1 \/t$/)
  })

  it('observe: Ctrl-C cancels it and ends well', async () => {
    script = (line) =>
      ['Observe=0', 'Observe=1'].some((each) => line.includes(each)) ? ['ACK $mid 2.05 [$token] Observe=1 "a"'] : []
    const observing = cli.begin('coap', 'observe', `127.0.0.1:${port}/t`)
    await vi.waitFor(() => expect(observing.out()).toMatch(/\na\n$/))
    cli.interrupt()
    expect((await observing.ran).code).toBe(0)
    expect(heard.at(-1)).toContain('Observe=1 /t')
  })

  it('observe of what tells of no changes ends with 1', async () => {
    script = () => ['ACK $mid 2.05 [$token] "a"']
    const { code, err } = await coap('observe', `127.0.0.1:${port}/t`)
    expect([code, err]).toEqual([1, expect.stringContaining('does not tell of changes')])
  })

  it('ping wants a RST, and tells of other answers', async () => {
    script = () => ['RST $mid EMPTY']
    const { code, out } = await coap('ping', `127.0.0.1:${port}`, '--count', '2')
    expect([code, out]).toEqual([0, expect.stringMatching(/^(coap:\/\/127\.0\.0\.1:\d+ is there: [\d.]+ ms\n){2}$/)])
    expect(heard).toEqual([expect.stringMatching(/^CON \d+ EMPTY$/), expect.stringMatching(/^CON \d+ EMPTY$/)])
    script = () => ['ACK $mid EMPTY']
    expect((await coap('ping', `127.0.0.1:${port}`)).out).toContain('with ACK where RST belongs')
  })
})

it('a port nobody listens on ends at once', async () => {
  const { code, err } = await coap('get', '127.0.0.1:9/x')
  expect([code, err]).toEqual([1, expect.stringContaining('nothing listens on 127.0.0.1:9\n  is the port right?')])
})

it.each<[string[], string]>([
  [['get', 'http://h/'], 'is no CoAP URI'],
  [['get', 'coaps://127.0.0.1/'], 'wants a key\n  --psk identity:hexkey'],
  [['get', '127.0.0.1', '--psk', 'a:00'], '--psk is for coaps://'],
  [['get', '127.0.0.1', '--accept', 'yaml'], "--accept 'yaml' is no content format"],
  [['get', '127.0.0.1', '--block-size', '100'], "--block-size '100' is no block size"],
  [['get', '127.0.0.1', '--token', 'xyz'], "--token 'xyz' is no CoAP token"],
  [['put', '127.0.0.1', '--payload', 'a', '--payload-file', 'b'], 'not both'],
  [['put', '127.0.0.1', '--payload-file', 'nofile'], "there is no file 'nofile'"],
  [['observe', '127.0.0.1', '--count', '0'], "--count '0' is no whole number"],
])('%j ends with 2', async (argv, sentence) => {
  const { code, out, err } = await coap(...argv)
  expect([code, out]).toEqual([2, ''])
  expect(err).toContain(sentence)
})

describe('libcoap', () => {
  it('is read, written, listed, observed and pinged', async ({ skip }) => {
    if (libcoapServer === undefined) return skip('no coap-server of libcoap is installed')
    const server = await LibcoapServer.start()
    const at = `127.0.0.1:${server.port}`
    expect((await coap('discover', at)).out).toMatch(/\n\/time +.*obs/)
    expect((await coap('ping', at)).code).toBe(0)
    const long = 'z'.repeat(3000)
    expect((await coap('put', `${at}/big`, '--payload', long)).code).toBe(0)
    expect((await coap('get', `${at}/big`, '-o', 'raw')).out).toBe(long)
    expect((await coap('get', `${at}/nosuch`)).out).toMatch(/^4\.04 Not Found/)
    const { code, out } = await coap('observe', `${at}/time`, '--count', '2')
    expect([code, out.match(/^2\.05 Content {2}Observe=/gm)?.length]).toEqual([0, 2])
    await server.close()
  })
})

describe('coaps://', () => {
  const key = Buffer.from(pskText).toString('hex')

  it('speaks over DTLS with a key, and shows what is inside', async () => {
    const answer = (data: Uint8Array): Uint8Array =>
      datagramOf(lineOf(data).replace('CON', 'ACK').replace('GET', '2.05').replace(' /x', ' "safe"'))
    const server = await DtlsUdpServer.listen(answer, interopServer())
    const { code, out, err } = await coap(
      'get',
      `coaps://127.0.0.1:${server.port}/x`,
      '--psk',
      `${pskIdentity}:${key}`,
      '--trace',
    )
    expect([code, out]).toEqual([0, expect.stringMatching(/\nsafe\n$/)])
    expect(err).toMatch(/→ CON GET .*\n.*← ACK 2\.05 Content/)
    await server.close()
  })

  it('says what may be wrong with the key', async () => {
    const server = await DtlsUdpServer.listen(echo, interopServer())
    const { code, err } = await coap('get', `coaps://127.0.0.1:${server.port}/x`, '--psk', `${pskIdentity}:00`)
    expect([code, err]).toEqual([1, expect.stringContaining('are identity and key of --psk right')])
    await server.close()
  })
})
