import { describe, expect, it } from 'vitest'
import { defaultSuites, legacyCbcSuites } from '../../../src/dtls/suites.ts'
import { DtlsPair, identity, pskTerms } from '../../support/dtls-peer.ts'

const pskSuites = [...defaultSuites, ...legacyCbcSuites].filter(({ keyExchange }) => keyExchange !== 'ecdhe-ecdsa')

describe('a handshake with a pre-shared key', () => {
  it.each(pskSuites.map((suite) => [suite.name, suite.number] as const))(
    '%s carries data both ways',
    (name, number) => {
      const server = { options: { suites: [...defaultSuites, ...legacyCbcSuites] } }
      const pair = new DtlsPair(server).connect(pskTerms({ suite: number }))
      expect(pair.server.reports).toMatchObject([{ outcome: 'completed', suite: name }])
      expect(pair.client.reports).toMatchObject([{ outcome: 'completed', suite: name }])
      const opened = pair.server.lastOpened
      expect(opened).toMatchObject({ principal: { kind: 'psk', identity }, extendedMasterSecret: true, resumed: false })
      expect(opened.ownCid).toHaveLength(6)
      expect(pair.client.sendText(pair.now, pair.client.lastOpened.id, 'up')).toBe(true)
      pair.settle()
      expect(pair.server.texts).toEqual(['up'])
      expect(pair.server.sendText(pair.now, opened.id, 'down')).toBe(true)
      pair.settle()
      expect(pair.client.texts).toEqual(['down'])
    },
  )

  it('without a CID records are found by path', () => {
    const { cidDialect: _none, ...terms } = pskTerms()
    const pair = new DtlsPair().connect(terms)
    pair.client.sendText(pair.now, pair.client.lastOpened.id, 'x'.repeat(5000))
    pair.settle()
    expect(pair.server.lastOpened.ownCid).toHaveLength(0)
    expect(pair.server.texts).toEqual(['x'.repeat(5000)])
  })
})
