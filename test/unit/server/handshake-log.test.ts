/** A handshake as DTLS reports it, in words an operator can act on. */
import { expect, it } from 'vitest'
import { utf8 } from '../../../src/base/bytes.ts'
import { milliseconds } from '../../../src/base/time.ts'
import type { HandshakeReport } from '../../../src/dtls/sink.ts'
import { handshakeOf } from '../../../src/server/handshake-log.ts'
import { start } from '../fleet/fixtures.ts'

const report: HandshakeReport = {
  role: 'server',
  path: 1,
  outcome: 'completed',
  reason: undefined,
  detail: undefined,
  principal: { kind: 'psk', identity: utf8('urn:dev:1') },
  suite: 'PSK_WITH_AES_128_CCM_8',
  ownCid: new Uint8Array([0, 0xa1]),
  resumed: false,
  duration: milliseconds(12),
  retransmissions: 1,
}
const remote = { address: '192.0.2.1', port: 5000 }
const failed = (reason: HandshakeReport['reason'], more: Partial<HandshakeReport> = {}): HandshakeReport => ({
  ...report,
  outcome: 'failed',
  reason,
  ...more,
})

it('tells who came from where with what', () => {
  expect(handshakeOf(start, report, remote, () => true)).toEqual({
    at: start,
    ...remote,
    outcome: 'completed',
    identity: 'urn:dev:1',
    suite: 'PSK_WITH_AES_128_CCM_8',
    connectionId: '00a1',
    resumed: false,
    duration: 12,
    retransmissions: 1,
  })
})

it('leaves out what is not known', () => {
  const nothing = { principal: undefined, suite: undefined, ownCid: undefined }
  const told = handshakeOf(start, failed('message-malformed', nothing), undefined, () => false)
  expect(Object.keys(told)).not.toEqual(expect.arrayContaining(['identity']))
  expect(told).toMatchObject({ address: '', port: 0, fault: 'message-malformed' })
})

it.each<[string, HandshakeReport, boolean, RegExp]>([
  ['an unknown identity', failed('finished-unreadable'), false, /no credential has this identity/],
  ['a wrong key', failed('finished-unreadable'), true, /another key than ours/],
  ['silence after an unknown identity', failed('flight-unanswered'), false, /no credential has this identity/],
  ['silence after a known one', failed('flight-unanswered'), true, /lost, or it holds another key/],
  ['silence before any', failed('flight-unanswered', { principal: undefined }), false, /it fell silent half-way/],
  ['no common suite', failed('no-common-suite'), true, /no cipher suite is known to both/],
  ['a detail', failed('peer-alert', { detail: 'handshake_failure' }), true, /\(handshake_failure\)$/],
  ['anything else', failed('extension-repeated'), true, /^extension repeated$/],
])('says of %s why', (_what, of, isKnown, sentence) => {
  expect(handshakeOf(start, of, remote, () => isKnown).reason).toMatch(sentence)
})

it.each(['management', 'bootstrap'] as const)('says where an identity belongs that is not for %s', (purpose) => {
  const told = handshakeOf(start, failed('finished-unreadable'), remote, (_, asked) => asked !== purpose, purpose)
  expect(told.reason).toMatch(
    purpose === 'management' ? /^its credential is for bootstrapping alone/ : /^its credential is for management/,
  )
})

it.each<[string, HandshakeReport['principal'], string]>([
  ['text', { kind: 'psk', identity: utf8('meter 7') }, 'meter 7'],
  ['text that looks like hex', { kind: 'psk', identity: utf8('0x00a1') }, '0x307830306131'],
  ['octets', { kind: 'psk', identity: new Uint8Array([0, 0xa1]) }, '0x00a1'],
  ['a certificate', { kind: 'certificate', fingerprint: new Uint8Array(32), names: ['a.example', 'b'] }, 'a.example'],
  ['a nameless one', { kind: 'certificate', fingerprint: new Uint8Array(32), names: [] }, `x509:${'00'.repeat(32)}`],
  ['a public key', { kind: 'raw-public-key', publicKey: new Uint8Array([0x30]) }, 'rpk:30'],
])('names %s', (_what, principal, name) => {
  expect(handshakeOf(start, { ...report, principal }, remote, () => true).identity).toBe(name)
})
