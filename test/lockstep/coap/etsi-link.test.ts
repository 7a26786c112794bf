/**
 * ETSI CoAP plugtest descriptions TD_COAP_LINK: discovery of what a server offers, with the filters of
 * RFC 6690 §4.1. One chart for all: ▶ CON GET /.well-known/core?filter, ◀ ACK 2.05 Content-Format 40.
 */
import { describe, expect, it } from 'vitest'
import { parseLinks } from '../../../src/coap/link-format.ts'
import { Lockstep } from '../../support/coap-lockstep.ts'
import { datagramOf } from '../../support/coap-notation.ts'
import { PlugtestServer } from '../../support/plugtest-server.ts'

/** The targets a filtered discovery finds. */
function discovered(query: string, path = '/.well-known/core'): { targets: string[]; leftovers: string[] } {
  const peer = new Lockstep({ handler: new PlugtestServer().handle })
  peer.send(`CON 1 GET [01] ${path} ${query}`)
  const answer = peer.sent.shift()!.bytes
  const head = datagramOf('ACK 1 2.05 [01] Content-Format=40')
  expect(answer.slice(0, head.length)).toEqual(head)
  const parsed = parseLinks(answer.slice(head.length + 1))
  if ('fault' in parsed) throw new TypeError(parsed.fault)
  return { targets: parsed.links.map(({ target }) => target), leftovers: peer.leftovers() }
}

describe('discovery', () => {
  it.each([
    // ▶ GET /.well-known/core                     ◀ all links
    ['TD_COAP_LINK_01 discovery', '', ['/test', '/link1', '/link2', '/link3', '/large', '/path', '/obs']],
    // ▶ GET /.well-known/core?rt=Type1            ◀ links of that type
    ['TD_COAP_LINK_02 filtered', '?rt=Type1', ['/link1', '/link3']],
    // ▶ GET /.well-known/core?rt=*                ◀ links that have a type
    ['TD_COAP_LINK_03 empty prefix', '?rt=*', ['/test', '/link1', '/link2', '/link3', '/large']],
    // ▶ GET /.well-known/core?rt=Type2            ◀ it may stand among others
    ['TD_COAP_LINK_04 multiple rt', '?rt=Type2', ['/link1', '/link2']],
    // ▶ GET /.well-known/core?if=If*
    ['TD_COAP_LINK_05 if prefix', '?if=If*', ['/link1', '/link2']],
    // ▶ GET /.well-known/core?sz=*
    ['TD_COAP_LINK_06 sz', '?sz=*', ['/large']],
    // ▶ GET /.well-known/core?href=/link1
    ['TD_COAP_LINK_07 href full', '?href=/link1', ['/link1']],
    // ▶ GET /.well-known/core?href=/link*
    ['TD_COAP_LINK_08 href prefix', '?href=/link*', ['/link1', '/link2', '/link3']],
    ['a filter that nothing matches', '?rt=none', []],
  ])('%s (RFC 6690 §4.1)', (_title, query, targets) => {
    expect(discovered(query)).toEqual({ targets, leftovers: [] })
  })

  // ▶ GET /.well-known/core?ct=40   ◀ </path>;ct=40
  // ▶ GET /path                     ◀ </path/sub1>,</path/sub2>,</path/sub3>
  it('TD_COAP_LINK_09 hierarchy (RFC 6690 §4)', () => {
    expect(discovered('?ct=40').targets).toEqual(['/path'])
    expect(discovered('', '/path')).toEqual({ targets: ['/path/sub1', '/path/sub2', '/path/sub3'], leftovers: [] })
  })

  // ▶ GET /.well-known/core?href=/link1         ◀ the one link with all its attributes
  it('tells attributes as they are (RFC 6690 §2)', () => {
    const peer = new Lockstep({ handler: new PlugtestServer().handle })
    peer.send('CON 1 GET [01] /.well-known/core ?href=/link1')
    expect(new TextDecoder().decode(peer.sent.shift()!.bytes.slice(8))).toBe('</link1>;rt="Type1 Type2";if="If1"')
    expect(peer.leftovers()).toEqual([])
  })
})
