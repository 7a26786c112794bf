/** The examples of RFC 6690 §5 and of LwM2M registrations, as they stand there: read, written, filtered. */
import { describe, expect, it } from 'vitest'
import { isFault } from '../../../src/base/fault.ts'
import { filterLinks, serializeLinks, type Link } from '../../../src/coap/link-format.ts'
import { linkAttributeLimit, linkLimit, parseLinks } from '../../../src/lwm2m/link.ts'
import { QuirkSet } from '../../../src/lwm2m/quirks.ts'

/** As they would be offered. */
function parsed(text: string): { readonly links: readonly Link[]; readonly quirks: readonly string[] } {
  const quirks = new QuirkSet()
  const found = parseLinks(text, quirks)
  if (isFault(found)) throw new TypeError(`${found.fault}: ${found.detail}`)
  const links = found.map(({ target, attributes }) => ({
    target,
    attributes: [...attributes].map(([name, value]) => ({ name, value: value === '' ? undefined : value })),
  }))
  return { links, quirks: quirks.list() }
}

const valueOf = ({ attributes }: Link, wanted: string) => attributes.find(({ name }) => name === wanted)?.value

const sensors =
  '</sensors>;ct=40;title="Sensor Index",</sensors/temp>;rt="temperature-c";if="sensor",' +
  '</sensors/light>;rt="light-lux";if="sensor",<http://www.example.com/sensors/t123>;anchor="/sensors/temp"' +
  ';rel="describedby",</t>;anchor="/sensors/temp";rel="alternate"'

describe('RFC 6690 §5', () => {
  it('a list of sensors, with links elsewhere', () => {
    const { links, quirks } = parsed(sensors)
    expect(links.map(({ target }) => target)).toEqual([
      '/sensors',
      '/sensors/temp',
      '/sensors/light',
      'http://www.example.com/sensors/t123',
      '/t',
    ])
    expect(valueOf(links[0]!, 'title')).toBe('Sensor Index')
    expect(valueOf(links[4]!, 'anchor')).toBe('/sensors/temp')
    expect(quirks).toEqual([])
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
    expect(valueOf(links[0]!, 'sz')).toBe('262144')
  })
})

describe('registrations of devices', () => {
  it.each<[string, string, readonly string[], readonly string[]]>([
    [
      'LwM2M Core 1.1 §6.2.1',
      '</>;rt="oma.lwm2m";ct=110,</1/0>,</2>,</3/0>,</4/0>,</5>;ver=1.1',
      ['/', '/1/0', '/2', '/3/0', '/4/0', '/5'],
      [],
    ],
    ['a trailing comma', '</1/0>,</3/0>,', ['/1/0', '/3/0'], []],
    ['spaces and a line break', '</1/0>, </3/0>,\r\n</5> ; ver=1.1', ['/1/0', '/3/0', '/5'], []],
    ['an unquoted list', '</>;rt=oma.lwm2m;ct=60 110 112,</3/0>', ['/', '/3/0'], ['links.unquoted']],
    ['ct twice', '</>;ct=40;ct=60', ['/'], ['links.attribute-twice']],
    ['empty attributes', '</3/0>;;,</4/0>;', ['/3/0', '/4/0'], ['links.separator']],
    ['an attribute without a name', '</3/0>;="x"', ['/3/0'], ['links.separator']],
    ['two links without a comma', '</3/0></4/0>', ['/3/0', '/4/0'], ['links.separator']],
    ['nothing', '', [], []],
  ])('%s', (_title, text, targets, quirks) => {
    const found = parsed(text)
    expect(found.links.map(({ target }) => target)).toEqual(targets)
    expect(found.quirks).toEqual(quirks)
  })

  it.each([
    ['no angle bracket', '/3/0', 'links.syntax'],
    ['an open bracket', '</3/0', 'links.syntax'],
    ['an open quotation', '</3/0>;rt="x', 'links.syntax'],
    ['text after a quotation', '</3/0>;rt="x"y', 'links.syntax'],
    ['more links than one list may have', '</1>,'.repeat(linkLimit + 1), 'links.too-many'],
    ['more attributes than a link may have', `</1>${';a'.repeat(linkAttributeLimit + 1)}`, 'links.syntax'],
  ])('%s is broken', (_title, text, fault) => {
    expect(parseLinks(text, new QuirkSet())).toMatchObject({ fault })
  })
})
