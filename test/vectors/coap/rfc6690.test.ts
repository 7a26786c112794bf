/** The examples of RFC 6690 §5 and of LwM2M registrations, parsed as they stand there. */
import { describe, expect, it } from 'vitest'
import {
  attributeOf,
  filterLinks,
  parseLinks,
  serializeLinks,
  type ParsedLinks,
} from '../../../src/coap/link-format.ts'

const parsed = (text: string): ParsedLinks => {
  const result = parseLinks(text)
  if ('fault' in result) throw new TypeError(`${result.fault}: ${result.detail}`)
  return result
}

const sensors =
  '</sensors>;ct=40;title="Sensor Index",</sensors/temp>;rt="temperature-c";if="sensor",' +
  '</sensors/light>;rt="light-lux";if="sensor",<http://www.example.com/sensors/t123>;anchor="/sensors/temp"' +
  ';rel="describedby",</t>;anchor="/sensors/temp";rel="alternate"'

describe('RFC 6690 §5', () => {
  it('a list of sensors, with links elsewhere', () => {
    const { links, warnings } = parsed(sensors)
    expect(links.map(({ target }) => target)).toEqual([
      '/sensors',
      '/sensors/temp',
      '/sensors/light',
      'http://www.example.com/sensors/t123',
      '/t',
    ])
    expect(attributeOf(links[0]!, 'title')).toBe('Sensor Index')
    expect(attributeOf(links[4]!, 'anchor')).toBe('/sensors/temp')
    expect(warnings).toEqual([])
    expect(serializeLinks(links)).toBe(sensors)
  })

  it('a filter by resource type', () => {
    expect(filterLinks(parsed(sensors).links, ['rt=light-lux'])).toEqual([
      {
        target: '/sensors/light',
        attributes: [
          { name: 'rt', value: 'light-lux' },
          { name: 'if', value: 'sensor' },
        ],
      },
    ])
  })

  it('a large resource with its size', () => {
    const { links } = parsed('</firmware/v2.1>;rt="firmware";sz=262144')
    expect(attributeOf(links[0]!, 'sz')).toBe('262144')
  })
})

describe('registrations of devices', () => {
  it.each([
    [
      'LwM2M Core 1.1 §6.2.1',
      '</>;rt="oma.lwm2m";ct=110,</1/0>,</2>,</3/0>,</4/0>,</5>;ver=1.1',
      ['/', '/1/0', '/2', '/3/0', '/4/0', '/5'],
      0,
    ],
    ['a trailing comma', '</1/0>,</3/0>,', ['/1/0', '/3/0'], 1],
    ['spaces and a line break', '</1/0>, </3/0>,\r\n</5> ; ver=1.1', ['/1/0', '/3/0', '/5'], 0],
    ['an unquoted list', '</>;rt=oma.lwm2m;ct=60 110 112,</3/0>', ['/', '/3/0'], 1],
    ['ct twice', '</>;ct=40;ct=60', ['/'], 1],
    ['empty attributes', '</3/0>;;,</4/0>;', ['/3/0', '/4/0'], 3],
    ['a zero octet at the end', '</3/0>\0', ['/3/0'], 0],
    ['nothing', '', [], 0],
  ])('%s', (_title, text, targets, warnings) => {
    const result = parsed(text)
    expect(result.links.map(({ target }) => target)).toEqual(targets)
    expect(result.warnings).toHaveLength(warnings)
  })

  it.each([
    ['no angle bracket', '/3/0', 'links-malformed'],
    ['an open bracket', '</3/0', 'links-malformed'],
    ['a bracket within a bracket', '<</3/0>', 'links-malformed'],
    ['an open quotation', '</3/0>;rt="x', 'links-malformed'],
    ['an attribute without a name', '</3/0>;="x"', 'links-malformed'],
    ['two links without a comma', '</3/0></4/0>', 'links-malformed'],
    ['text after a quotation', '</3/0>;rt="x"y', 'links-malformed'],
  ])('%s is broken', (_title, text, fault) => {
    expect(parseLinks(text)).toMatchObject({ fault })
  })

  it('octets that are not UTF-8 are broken, and limits are kept', () => {
    expect(parseLinks(Uint8Array.of(0x3c, 0xff, 0x3e))).toMatchObject({ fault: 'links-not-utf8' })
    expect(parseLinks('</1>,</2>,</3>', { links: 2, attributesPerLink: 8 })).toMatchObject({
      fault: 'links-over-limit',
    })
    expect(parseLinks('</1>;a;b;c', { links: 2, attributesPerLink: 2 })).toMatchObject({ fault: 'links-over-limit' })
  })
})
