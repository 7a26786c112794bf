/**
 * ETSI CoAP plugtest descriptions TD_COAP_BLOCK, each with this endpoint as server and as client. Charts:
 * ▶ to the server, ◀ to the client; a block is NUM/M/size.
 */
import { describe, expect, it } from 'vitest'
import { method, response } from '../../../src/coap/codes.ts'
import { Lockstep } from '../../support/coap-lockstep.ts'
import { testBody } from '../../support/coap-notation.ts'
import { largeSize, PlugtestServer } from '../../support/plugtest-server.ts'

function server(): { peer: Lockstep; resources: PlugtestServer } {
  const resources = new PlugtestServer()
  return { peer: new Lockstep({ handler: resources.handle }), resources }
}

/** Asks for every block of `path` from `first` on. */
function downloads(peer: Lockstep, path: string, size: number, total: number, first = 0): void {
  for (let number = first; number * size < total; number++) {
    const end = Math.min((number + 1) * size, total)
    peer.exchange(
      `CON ${100 + number} GET [${(0x20 + number).toString(16)}] ${path} Block2=${number}/0/${size}`,
      `ACK ${100 + number} 2.05 [${(0x20 + number).toString(16)}] ETag=$etag Content-Format=42 ` +
        `Block2=${number}/${end < total ? 1 : 0}/${size} {${number * size}..${end}}`,
    )
  }
}

/** Sends blocks 0 to the last of `total` octets but not the last one. */
function uploads(peer: Lockstep, code: string, path: string, size: number, total: number): number {
  const last = Math.ceil(total / size) - 1
  for (let number = 0; number < last; number++) {
    peer.exchange(
      `CON ${200 + number} ${code} [${(0x30 + number).toString(16)}] ${path} Block1=${number}/1/${size} {${number * size}..${(number + 1) * size}}`,
      `ACK ${200 + number} 2.31 [${(0x30 + number).toString(16)}] Block1=${number}/1/${size}`,
    )
  }
  return last
}

describe('server', () => {
  // ▶ CON GET /large 2:0/0/64      ◀ ACK 2.05 2:0/1/64
  // ▶ CON GET /large 2:1/0/64      ◀ ACK 2.05 2:1/1/64      …
  it.each([64, 512, 1024])('TD_COAP_BLOCK_01 GET, early negotiation of %i octets (RFC 7959 §2.4)', (size) => {
    const { peer } = server()
    downloads(peer, '/large', size, largeSize)
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON GET /large               ◀ ACK 2.05 2:0/1/1024
  // ▶ CON GET /large 2:1/0/1024    ◀ ACK 2.05 2:1/0/1024
  it('TD_COAP_BLOCK_02 GET, late negotiation (RFC 7959 §2.4)', () => {
    const { peer } = server()
    peer.exchange('CON 1 GET [01] /large', 'ACK 1 2.05 [01] ETag=$etag Content-Format=42 Block2=0/1/1024 {0..1024}')
    downloads(peer, '/large', 1024, largeSize, 1)
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON GET /large               ◀ ACK 2.05 2:0/1/1024
  // ▶ CON GET /large 2:4/0/256     ◀ ACK 2.05 2:4/0/256     the client wants less from here on
  it('TD_COAP_BLOCK_02 GET, size reduced on the way (RFC 7959 §2.4)', () => {
    const { peer } = server()
    peer.exchange('CON 1 GET [01] /large', 'ACK 1 2.05 [01] ETag=$etag Content-Format=42 Block2=0/1/1024 {0..1024}')
    downloads(peer, '/large', 256, largeSize, 4)
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON PUT /large-update 1:0/1/64   ◀ ACK 2.31 1:0/1/64  …
  // ▶ CON PUT /large-update 1:n/0/64   ◀ ACK 2.01 1:n/0/64
  it('TD_COAP_BLOCK_03 PUT (RFC 7959 §2.3)', () => {
    const { peer, resources } = server()
    const last = uploads(peer, 'PUT', '/large-update', 64, 300)
    expect(peer.requests).toEqual([])
    peer.exchange(
      `CON 300 PUT [99] /large-update Block1=${last}/0/64 {256..300}`,
      `ACK 300 2.01 [99] Block1=${last}/0/64`,
    )
    expect(resources.held.get('/large-update')!.payload).toEqual(testBody.slice(0, 300))
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON POST /large-create 1:0/1/64  ◀ ACK 2.31 1:0/1/64  …
  // ▶ CON POST /large-create 1:n/0/64  ◀ ACK 2.01 1:n/0/64 Location-Path
  it('TD_COAP_BLOCK_04 POST that creates (RFC 7959 §2.3)', () => {
    const { peer, resources } = server()
    const last = uploads(peer, 'POST', '/large-create', 64, 128)
    peer.exchange(
      `CON 300 POST [99] /large-create Block1=${last}/0/64 {64..128}`,
      `ACK 300 2.01 [99] Location-Path=large Location-Path=new Block1=${last}/0/64`,
    )
    expect(resources.held.get('/large-create')!.payload).toEqual(testBody.slice(0, 128))
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON POST /large-post 1:0/1/64    ◀ ACK 2.31 1:0/1/64
  // ▶ CON POST /large-post 1:1/0/64    ◀ ACK 2.04 1:1/0/64 2:0/1/64
  // ▶ CON POST /large-post 2:1/0/64    ◀ ACK 2.04 2:1/0/64
  it('TD_COAP_BLOCK_05 POST, blocks both ways (RFC 7959 §3.3)', () => {
    const { peer } = server()
    uploads(peer, 'POST', '/large-post', 64, 128)
    peer.exchange(
      'CON 300 POST [98] /large-post Block1=1/0/64 Block2=0/0/64 {64..128}',
      'ACK 300 2.04 [98] ETag=$etag Content-Format=42 Block2=0/1/64 Block1=1/0/64 *',
    )
    peer.exchange(
      'CON 301 POST [99] /large-post Block2=1/0/64',
      'ACK 301 2.04 [99] ETag=$etag Content-Format=42 Block2=1/0/64 *',
    )
    expect(peer.requests).toHaveLength(1)
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON GET /large 2:0/0/16      ◀ ACK 2.05 2:0/1/16      … 80 blocks
  it('TD_COAP_BLOCK_06 GET, early negotiation of 16 octets (RFC 7959 §2.4)', () => {
    const { peer } = server()
    downloads(peer, '/large', 16, largeSize)
    // The first asked the handler; the rest came from what it had answered
    expect(peer.requests).toHaveLength(1)
    expect(peer.leftovers()).toEqual([])
  })
})

describe('client', () => {
  // ▶ CON GET 2:0/0/size           ◀ ACK 2.05 2:0/1/size
  // ▶ CON GET 2:1/0/size           ◀ ACK 2.05 2:1/1/size    … each with a token of its own
  it.each([16, 64, 1024] as const)(
    'TD_COAP_BLOCK_01, 06 GET, early negotiation of %i octets (RFC 7959 §2.4)',
    (size) => {
      const peer = new Lockstep()
      peer.request({ code: method.get, path: ['large'], blockSize: size })
      const tokens = new Set<string>()
      for (let number = 0; number * size < largeSize; number++) {
        const end = Math.min((number + 1) * size, largeSize)
        peer.expect(`CON $id GET [$token] /large Block2=${number}/0/${size}`)
        tokens.add(peer.bound('$token').join())
        peer.send(
          `ACK $id 2.05 [$token] ETag=0x01 Block2=${number}/${end < largeSize ? 1 : 0}/${size} {${number * size}..${end}}`,
        )
        peer.unbind('$id', '$token')
      }
      expect(tokens.size).toBe(Math.ceil(largeSize / size))
      expect(peer.takeOutcome()).toMatchObject({ outcome: 'response', payload: testBody.slice(0, largeSize) })
      expect(peer.leftovers()).toEqual([])
    },
  )

  // ▶ CON GET                      ◀ ACK 2.05 2:0/1/512
  // ▶ CON GET 2:1/0/512            ◀ ACK 2.05 2:1/0/512
  it('TD_COAP_BLOCK_02 GET, late negotiation (RFC 7959 §2.4)', () => {
    const peer = new Lockstep()
    peer.request({ code: method.get, path: ['large'] })
    peer.expect('CON $a GET [$s] /large')
    peer.send('ACK $a 2.05 [$s] ETag=0x01 Content-Format=42 Block2=0/1/512 {0..512}')
    peer.expect('CON $b GET [$t] /large Block2=1/0/512')
    peer.exchange('ACK $b 2.05 [$t] ETag=0x01 Content-Format=42 Block2=1/0/512 {512..800}')
    expect(peer.takeOutcome()).toMatchObject({ outcome: 'response', payload: testBody.slice(0, 800) })
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON PUT 1:0/1/256            ◀ ACK 2.31 1:0/1/256
  // ▶ CON PUT 1:1/1/256            ◀ ACK 2.31 1:1/1/256
  // ▶ CON PUT 1:2/0/256            ◀ ACK 2.04 1:2/0/256
  it.each([
    ['03', 'PUT', method.put, '2.04', response.changed],
    ['04', 'POST', method.post, '2.01', response.created],
  ])('TD_COAP_BLOCK_%s %s (RFC 7959 §3.2)', (_number, name, code, answer, answerCode) => {
    const peer = new Lockstep({ profile: { firstBlockSize: 256, nstart: 1 } })
    peer.request({ code, path: ['large'], contentFormat: 42, payload: testBody.slice(0, 700) })
    peer.expect(`CON $a ${name} [$s] /large Content-Format=42 Block1=0/1/256 Size1=700 {0..256}`)
    peer.send('ACK $a 2.31 [$s] Block1=0/1/256')
    peer.expect(`CON $b ${name} [$t] /large Content-Format=42 Block1=1/1/256 {256..512}`)
    peer.send('ACK $b 2.31 [$t] Block1=1/1/256')
    peer.expect(`CON $c ${name} [$u] /large Content-Format=42 Block1=2/0/256 {512..700}`)
    peer.exchange(`ACK $c ${answer} [$u] Block1=2/0/256`)
    expect(peer.takeOutcome()).toMatchObject({ outcome: 'response', code: answerCode })
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON POST 1:0/1/128           ◀ ACK 2.31 1:0/1/128
  // ▶ CON POST 1:1/0/128           ◀ ACK 2.04 1:1/0/128 2:0/1/64
  // ▶ CON POST 2:1/0/64            ◀ ACK 2.04 2:1/0/64
  it('TD_COAP_BLOCK_05 POST, blocks both ways (RFC 7959 §3.3)', () => {
    const peer = new Lockstep({ profile: { firstBlockSize: 128, nstart: 1 } })
    peer.request({ code: method.post, path: ['large'], contentFormat: 42, payload: testBody.slice(0, 200) })
    peer.expect('CON $a POST [$s] /large Content-Format=42 Block1=0/1/128 Size1=200 {0..128}')
    peer.send('ACK $a 2.31 [$s] Block1=0/1/128')
    peer.expect('CON $b POST [$t] /large Content-Format=42 Block1=1/0/128 {128..200}')
    peer.send('ACK $b 2.04 [$t] Block1=1/0/128 Block2=0/1/64 {0..64}')
    peer.expect('CON $c POST [$u] /large Block2=1/0/64')
    peer.exchange('ACK $c 2.04 [$u] Block2=1/0/64 {64..100}')
    expect(peer.takeOutcome()).toMatchObject({ outcome: 'response', payload: testBody.slice(0, 100) })
    expect(peer.leftovers()).toEqual([])
  })
})
