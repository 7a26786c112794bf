/** What devices get from the shipped server for messages that make no sense: by RFC 7252 §5.9.2 and LwM2M Transport. */
import { createSocket } from 'node:dgram'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { datagramOf, lineOf } from '../../support/coap-notation.ts'
import { exchange } from '../../support/datagram-socket.ts'
import { startShippedServer, type ShippedServer } from '../../support/shipped-server.ts'

let directory: string
let server: ShippedServer

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'coapstan-bad-input-'))
  server = await startShippedServer(join(directory, 'data'), { flags: ['--coap-body-limit', '4096'] })
})

afterAll(async () => {
  await server.end('SIGKILL')
  rmSync(directory, { recursive: true, force: true })
})

it.each([
  [
    'a Register whose links are broken gets 4.00 and is told what is wrong',
    'CON 1 POST [01] /rd ?ep=urn:dev:bad-links&lt=300&lwm2m=1.1 Content-Format=40 "</1/0>,<3/0"',
    /^ACK 1 4\.00 \[01\] ".+"$/,
  ],
  [
    'a Register without a name gets 4.00 and is told so',
    'CON 2 POST [02] /rd ?lt=300&lwm2m=1.1 Content-Format=40 "</1/0>"',
    /^ACK 2 4\.00 \[02\] "ep= is missing"$/,
  ],
  [
    'a Register of a version nobody knows gets 4.12',
    'CON 3 POST [03] /rd ?ep=urn:dev:future&lt=300&lwm2m=9.9 Content-Format=40 "</1/0>"',
    /^ACK 3 4\.12 \[03\]/,
  ],
  ['an Update of an unknown location gets 4.04', 'CON 4 POST [04] /rd/nowhere ?lt=60', /^ACK 4 4\.04 \[04\]/],
  ['a De-register of an unknown location gets 4.04', 'CON 5 DELETE [05] /rd/nowhere', /^ACK 5 4\.04 \[05\]/],
  // Option 2049 is critical, being odd (RFC 7252 §5.4.6), and nobody's.
  ['an unknown critical option gets 4.02', 'CON 6 GET [06] /.well-known/core #2049=0x01', /^ACK 6 4\.02 \[06\]/],
  ['an unknown critical option in a NON is ignored', 'NON 7 GET [07] /.well-known/core #2049=0x01', /^silence$/],
  ['an unknown elective option does no harm', 'CON 8 GET [08] /.well-known/core #2050=0x01', /^ACK 8 2\.05 \[08\]/],
  [
    'a body announced larger than the limit gets 4.13 and the limit in Size1',
    'CON 9 POST [09] /rd ?ep=urn:dev:large Content-Format=40 Block1=0/1/16 Size1=5000 "</1/0>,</3/0>,</"',
    /^ACK 9 4\.13 \[09\] .*Size1=4096/,
  ],
  ['a block that follows nothing gets 4.08', 'CON 10 POST [0a] /rd Block1=9/1/16 "0123456789abcdef"', /^ACK 10 4\.08/],
  ['a proxy request gets 5.05', 'CON 11 GET [0b] #35=0x636f61703a2f2f612f', /^ACK 11 5\.05/],
  ['a path nobody serves gets 4.04', 'CON 12 GET [0c] /no/such/thing', /^ACK 12 4\.04/],
  ['a method that is not for it gets 4.05', 'CON 13 DELETE [0d] /rd', /^ACK 13 4\.05/],
  [
    'telemetry of nobody in a format nobody reads gets 4.15',
    'CON 14 POST [0e] /data ?ep=a Content-Format=41 "<x/>"',
    /4\.15/,
  ],
  ['a ping gets its RST', 'CON 15 EMPTY', /^RST 15 EMPTY$/],
])('%s', async (_, line, answer) => {
  expect(await exchange(server.coapPort, line, answer.source === '^silence$' ? 300 : 2000)).toMatch(answer)
})

it('a body that grows beyond the limit without having said so gets 4.13 with Size1', async () => {
  const socket = createSocket('udp4')
  const answers: string[] = []
  for (let number = 0; number <= 4 && !answers.at(-1)?.includes('4.13'); number++) {
    const answered = new Promise<Buffer>((resolve) => socket.once('message', resolve))
    const line = `CON ${100 + number} POST [e${number}] /rd ?ep=urn:dev:grows Content-Format=40 Block1=${number}/1/1024 {0..1024}`
    socket.send(datagramOf(line), server.coapPort, '127.0.0.1')
    answers.push(lineOf(await answered))
  }
  socket.close()
  expect(answers.slice(0, 4).every((answer) => answer.includes('2.31'))).toBe(true)
  expect(answers.at(-1)).toMatch(/4\.13 .*Size1=4096/)
})

it('leaves no device behind that was never registered', async () => {
  const answer = await server.fetch('/v1/devices')
  expect(await answer.json()).toMatchObject({ devices: [] })
})

it.each([
  ['no JSON', '{', 'JSON'],
  ['a kind nobody knows', '{"kind":"dance","path":"/3/0"}', 'kind'],
  ['a path that is no path', '{"kind":"read","path":7}', 'path'],
  ['a member too many', '{"kind":"read","path":"/3/0","colour":"red"}', 'colour'],
])('the API answers %s with a 400 problem that names it', async (_, body, named) => {
  const answer = await server.fetch('/v1/devices/urn:dev:a/operations', { method: 'POST', body })
  expect(answer.status).toBe(400)
  expect(answer.headers.get('content-type')).toContain('application/problem+json')
  expect(await answer.text()).toContain(named)
})
