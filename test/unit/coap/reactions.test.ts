import { describe, expect, it } from 'vitest'
import type { LogFields } from '../../../src/base/log.ts'
import { codeName } from '../../../src/coap/codes.ts'
import { FaultCounters } from '../../../src/coap/fault-counters.ts'
import { faultNames, faults } from '../../../src/coap/faults.ts'
import { reactions } from '../../../src/coap/reactions.ts'

describe('reactions', () => {
  it('have one row a fault and no other', () => {
    expect(Object.keys(reactions).toSorted()).toEqual([...faultNames].toSorted())
    for (const name of faultNames) expect(faults[name]).toEqual({ fault: name })
  })

  it('answer with codes that exist, and never a NON with a RST (RFC 7252 §4.3)', () => {
    for (const { confirmable, nonConfirmable } of Object.values(reactions)) {
      for (const answer of [confirmable, nonConfirmable]) {
        if (typeof answer === 'number') expect(codeName(answer)).toBeDefined()
      }
      expect(nonConfirmable).not.toBe('reset')
    }
  })

  it('shed load by silence, never by a code that makes a device start over', () => {
    for (const fault of ['dedup-full', 'peers-full'] as const) {
      expect(reactions[fault]).toMatchObject({ confirmable: 'silence', nonConfirmable: 'silence', level: 'warn' })
    }
  })
})

describe('fault counters', () => {
  it('count each, and write a line at the first, second, fourth, eighth time', () => {
    const lines: LogFields[] = []
    const counted = new Map<string, number>()
    const line = (fields: LogFields): void => void lines.push(fields)
    const counters = new FaultCounters(
      { debug: line, info: line, warn: line, error: line },
      {
        counter: (name, _help, labels) => ({
          add: () =>
            void counted.set(`${name}/${labels?.['fault']}`, (counted.get(`${name}/${labels?.['fault']}`) ?? 0) + 1),
        }),
        gauge: () => ({ set: () => undefined }),
      },
    )
    for (let i = 0; i < 10; i++) counters.count(faults['block-gap'], 3, 'detail')
    counters.duplicate()
    expect(counted.get('coapstan_coap_faults_total/block-gap')).toBe(10)
    expect(counted.get('coapstan_coap_duplicates_total/undefined')).toBe(1)
    expect(lines.map(({ times }) => times)).toEqual([1, 2, 4, 8])
    expect(lines[0]).toEqual({ fault: 'block-gap', peer: 3, detail: 'detail', times: 1 })
  })
})
