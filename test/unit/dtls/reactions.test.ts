import { describe, expect, it } from 'vitest'
import { mayBeRecord } from '../../../src/dtls/prefilter.ts'
import { reactions } from '../../../src/dtls/reactions.ts'
import { alertDescriptions, alertNameOf } from '../../../src/dtls/wire/alert.ts'
import { plainRecord } from '../../support/dtls-raw-client.ts'

describe('reactions', () => {
  it('to what anyone could have sent are silence', () => {
    const answered = Object.entries(reactions).filter(([, { answer }]) => answer !== 'silence')
    for (const [fault] of answered) expect(fault).not.toMatch(/^(record|fragment|hello|cid)-/)
  })

  it('tell neither an unknown identity nor a wrong key from the other', () => {
    expect(reactions['finished-unreadable']).toEqual(reactions['finished-wrong'])
    const named = Object.values(reactions).map(({ answer }) => answer)
    expect(named).not.toContain('unknown_psk_identity')
    expect(named).not.toContain('bad_record_mac')
  })

  it('are alerts with numbers', () => {
    for (const { answer } of Object.values(reactions)) {
      if (answer !== 'silence') expect(alertNameOf(alertDescriptions[answer])).toBe(answer)
    }
    expect(alertNameOf(200)).toBe('alert 200')
  })
})

describe('the prefilter', () => {
  it.each([
    ['a hello', plainRecord(22, new Uint8Array(20)), true],
    ['data of epoch 1', plainRecord(23, new Uint8Array(20), { epoch: 1 }), true],
    ['data of epoch 0', plainRecord(23, new Uint8Array(20)), false],
    ['epoch 2', plainRecord(22, new Uint8Array(20), { epoch: 2 }), false],
    ['a CID record', plainRecord(25, new Uint8Array(20), { epoch: 1 }), true],
    ['a CID record of epoch 0', plainRecord(25, new Uint8Array(20)), false],
    ['ChangeCipherSpec', plainRecord(20, new Uint8Array(1)), true],
    ['an unknown type', plainRecord(99, new Uint8Array(20)), false],
    ['a CoAP GET', new Uint8Array([0x40, 0x01, 0x12, 0x34, 0xb1, 0x78, 0, 0, 0, 0, 0, 0, 0, 0]), false],
    ['twelve octets', plainRecord(22, new Uint8Array(20)).subarray(0, 12), false],
    ['DTLS 1.3 by its header', new Uint8Array([0x2f, ...new Uint8Array(30)]), false],
  ])('%s', (_what, bytes, passes) => {
    expect(mayBeRecord(bytes, 0, bytes.length)).toBe(passes)
  })
})
