/**
 * Every order of a client's messages but the legal ones fails closed (hardening 24). A model says which
 * sequences are legal: what arrives in message_seq order under the right epoch, with nothing left out.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { noBytes, type Bytes } from '../../../src/base/bytes.ts'
import { minutes } from '../../../src/base/time.ts'
import { encodeCertificateChain } from '../../../src/dtls/wire/certificate-message.ts'
import { handshakeType } from '../../../src/dtls/wire/handshake-header.ts'
import { contentType } from '../../../src/dtls/wire/record.ts'
import { authority, deviceCertificate, serverCertificate } from '../../support/dtls-certificates.ts'
import { DtlsPeer } from '../../support/dtls-peer.ts'
import { RawClient } from '../../support/dtls-raw-client.ts'

const steps = [
  'key-exchange',
  'ccs',
  'finished',
  'data',
  'hello-done',
  'certificate',
  'verify',
  'plain-data',
  'alert',
  'plain-finished',
  'repeat',
] as const
type Step = (typeof steps)[number]

/** Sends one step as the peer's next message; nothing where it cannot exist yet. */
function recordOf(client: RawClient, step: Step, last: Bytes): Bytes {
  const hasKeys = client.association !== undefined
  switch (step) {
    case 'key-exchange':
      return client.keyExchange()
    case 'ccs':
      return client.changeCipherSpec()
    case 'finished':
      return hasKeys ? client.finished() : noBytes
    case 'data':
      return hasKeys ? client.text('data') : noBytes
    case 'plain-data':
      return client.plain(contentType.applicationData, new Uint8Array(5))
    case 'alert':
      return client.plain(contentType.alert, new Uint8Array([2, 40]))
    case 'hello-done':
      return client.message(handshakeType.serverHelloDone, noBytes)
    case 'certificate':
      return client.message(handshakeType.certificate, encodeCertificateChain(deviceCertificate.chain))
    case 'verify':
      return client.certificateVerify(deviceCertificate.key)
    case 'plain-finished':
      return hasKeys ? client.plain(contentType.handshake, client.finishedMessage()) : noBytes
    case 'repeat':
      return last
  }
}

/** Whether a PSK server must have opened an association after these steps. */
function isLegal(sent: readonly Step[]): boolean {
  const counted = sent.filter(
    (step) => step !== 'repeat' && step !== 'plain-data' && step !== 'alert' && step !== 'data',
  )
  const messages = counted.filter((step) => step !== 'ccs')
  if (messages[0] !== 'key-exchange' || messages[1] !== 'finished') return false
  // ChangeCipherSpec carries no number: it may come at any time before or after, but it must come
  return counted.includes('ccs')
}

describe('the order of messages', () => {
  it('hardening 24: only a legal order opens an association, and nothing is delivered before', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...steps), { maxLength: 9 }), (script) => {
        const server = new DtlsPeer()
        const client = new RawClient(server)
        client.begin()
        const sent: Step[] = []
        let last: Bytes = noBytes
        for (const step of script) {
          const record = recordOf(client, step, last)
          if (record.length === 0) continue
          last = record
          sent.push(step)
          client.send(record)
          if (server.opens.length === 0) expect(server.received).toEqual([])
        }
        expect(server.opens.length).toBe(isLegal(sent) ? 1 : 0)
        for (let i = 1; i < 15; i++) server.endpoint.expire((client.now + minutes(i)) as typeof client.now)
        expect(server.endpoint.sizes()).toMatchObject({
          handshakes: 0,
          lookups: 0,
          deferredOctets: 0,
          reassemblyOctets: 0,
        })
      }),
      { numRuns: 1500 },
    )
  })

  it('hardening 24: with certificates nothing but Certificate, ClientKeyExchange, CertificateVerify, CCS, Finished opens one', () => {
    const records = ['certificate', 'key', 'verify', 'ccs', 'finished'] as const
    const orders = permutations(records)
    for (const order of [...orders, ...records.map((left) => records.filter((name) => name !== left))]) {
      const server = new DtlsPeer({ options: { certificate: serverCertificate, authorities: [authority] } })
      const client = new RawClient(server)
      client.begin({
        suiteNumbers: [0xc0ae],
        extensions: { groups: ['secp256r1'], signatureAlgorithms: ['ecdsa-sha256'], extendedMasterSecret: true },
      })
      for (const name of order) {
        if (name === 'certificate') client.send(recordOf(client, 'certificate', noBytes))
        else if (name === 'key') client.send(client.ecdheKeyExchange())
        else client.send(recordOf(client, name, noBytes))
      }
      const messages = order.filter((name) => name !== 'ccs').join()
      const isWhole = messages === 'certificate,key,verify,finished' && order.includes('ccs')
      expect([order.join(), server.opens.length]).toEqual([order.join(), isWhole ? 1 : 0])
    }
  })
})

function permutations<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length < 2) return [items]
  return items.flatMap((item, i) => permutations(items.filter((_, j) => j !== i)).map((rest) => [item, ...rest]))
}
