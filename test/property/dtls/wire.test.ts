import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isFault } from '../../../src/base/fault.ts'
import { decodeClientHello, encodeClientHello } from '../../../src/dtls/wire/client-hello.ts'
import { decodeCertificateChain, encodeCertificateChain } from '../../../src/dtls/wire/certificate-message.ts'
import { decodeClientKeyExchange, encodeClientKeyExchange } from '../../../src/dtls/wire/client-key-exchange.ts'
import {
  decodeFragmentHeader,
  emptyFragmentHeader,
  encodeFragmentHeader,
} from '../../../src/dtls/wire/handshake-header.ts'
import { decodeHelloVerifyRequest, encodeHelloVerifyRequest } from '../../../src/dtls/wire/hello-verify-request.ts'
import { decodeRecordHeader, emptyRecordHeader, encodeRecordHeader } from '../../../src/dtls/wire/record.ts'
import { decodeServerHello, encodeServerHello } from '../../../src/dtls/wire/server-hello.ts'

const octets = (maxLength: number, minLength = 0) => fc.uint8Array({ minLength, maxLength })
const uint16 = fc.integer({ min: 0, max: 0xffff })
const uint24 = fc.integer({ min: 0, max: 0xff_ffff })

/** Undefined fields left out, as exact optional types want it. */
function present<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }
}

describe('what is encoded is decoded', () => {
  it('record headers, with every number of 48 bits and any CID', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), octets(20), fc.nat(500), (number, cid, length) => {
        const sequence = number % 2 ** 48
        const out = new Uint8Array(13 + cid.length + length)
        const type = cid.length > 0 ? 25 : 23
        const start = encodeRecordHeader(out, 0, type, 1, sequence, cid, length)
        const header = emptyRecordHeader()
        expect(decodeRecordHeader(out, 0, out.length, cid.length, header)).toBe(true)
        expect(header).toMatchObject({ type, version: 0xfefd, epoch: 1, sequence, start, end: out.length })
        expect(out.slice(header.cidStart, header.cidEnd)).toEqual(cid)
        expect(decodeRecordHeader(out, 0, out.length - 1, cid.length, header)).toBe(false)
      }),
    )
  })

  it('fragment headers, and none that reaches past its message', () => {
    fc.assert(
      fc.property(fc.nat(255), uint16, uint24, uint24, fc.nat(100), (type, messageSequence, length, offset, size) => {
        const out = new Uint8Array(12 + size)
        encodeFragmentHeader(out, 0, type, length, messageSequence, offset, size)
        const header = emptyFragmentHeader()
        const isWithin = offset + size <= length
        expect(decodeFragmentHeader(out, 0, out.length, header)).toBe(isWithin)
        if (isWithin) expect(header).toEqual({ type, length, messageSequence, offset, start: 12, end: 12 + size })
      }),
    )
  })

  it('client hellos', () => {
    const extensions = fc.record({
      extendedMasterSecret: fc.constantFrom(true, undefined),
      returnRoutability: fc.constantFrom(true, undefined),
      maxFragmentLength: fc.constantFrom(512, 1024, 2048, 4096, undefined),
      recordSizeLimit: fc.option(fc.integer({ min: 64, max: 16_384 }), { nil: undefined }),
      serverName: fc.constantFrom('a.example', 'device-gateway.example.org', undefined),
      connectionId: fc.option(fc.record({ dialect: fc.constantFrom(54, 53, 254), cid: octets(32) }), {
        nil: undefined,
      }),
      clientCertificateTypes: fc.constantFrom(['x509'], ['raw-public-key', 'x509'], undefined),
    })
    fc.assert(
      fc.property(
        octets(32, 32),
        octets(32),
        octets(255),
        fc.array(uint16, { minLength: 1, maxLength: 80 }),
        extensions,
        (random, sessionId, cookie, suiteNumbers, offered) => {
          const hello = { version: 0xfefd, random, sessionId, cookie, suiteNumbers }
          const decoded = decodeClientHello(encodeClientHello({ ...hello, extensions: present(offered) }))
          if (isFault(decoded)) throw new Error(decoded.fault)
          expect(decoded).toMatchObject(hello)
          const { connectionId, ...plain } = present(offered)
          expect(decoded.extensions).toMatchObject(plain)
          expect([...decoded.extensions.connectionIds]).toEqual(
            connectionId === undefined ? [] : [[connectionId.dialect, connectionId.cid]],
          )
        },
      ),
    )
  })

  it('server hellos, HelloVerifyRequests, key exchanges and chains', () => {
    fc.assert(
      fc.property(octets(32, 32), octets(32), uint16, (random, sessionId, suiteNumber) => {
        const body = encodeServerHello(random, sessionId, suiteNumber, { extendedMasterSecret: true })
        const expected = { version: 0xfefd, random, sessionId, suiteNumber, extensions: { numbers: [23] } }
        expect(decodeServerHello(body)).toMatchObject(expected)
      }),
    )
    fc.assert(
      fc.property(octets(255), (cookie) => {
        expect(decodeHelloVerifyRequest(encodeHelloVerifyRequest(cookie))).toEqual(cookie)
      }),
    )
    fc.assert(
      fc.property(octets(200), octets(97), (identity, point) => {
        const body = encodeClientKeyExchange({ identity, point }, 'ecdhe-psk')
        expect(decodeClientKeyExchange(body, 'ecdhe-psk')).toEqual({ identity, point })
      }),
    )
    fc.assert(
      fc.property(fc.array(octets(600, 1), { maxLength: 6 }), (chain) => {
        expect(decodeCertificateChain(encodeCertificateChain(chain), 4)).toEqual(chain.length > 4 ? undefined : chain)
      }),
    )
  })
})
