/** Object lists of real stacks, and links in general. */
import { describe, expect, it } from 'vitest'
import { isFault } from '../../../src/base/fault.ts'
import { formatLinks, linkAttributeLimit, linkLimit, parseLinks, type Link } from '../../../src/lwm2m/link.ts'
import { QuirkSet, type QuirkName } from '../../../src/lwm2m/quirks.ts'
import { parseSupportedObjects, supports, versionsOf } from '../../../src/lwm2m/supported-objects.ts'

/** `3:1.1[0,1]` for object 3 in version 1.1 with two instances. */
function summary(text: string): string {
  const supported = parseSupportedObjects(text)
  if (isFault(supported)) return supported.fault
  const objects = [...supported.objects].map(
    ([id, { version, instances }]) => `${id}${version === undefined ? '' : `:${version}`}[${instances.join()}]`,
  )
  return [`/${supported.root.join('/')}`, `ct=${supported.contentFormats.join()}`, ...objects].join(' ')
}

describe('an object list', () => {
  it.each<[what: string, text: string, expected: string, quirks: readonly QuirkName[]]>([
    ['of 1.0', '</1/0>,</3/0>,</5>', '/ ct= 1[0] 3[0] 5[]', []],
    ['with root and formats', '</>;rt="oma.lwm2m";ct="60 110 112",</3/0>', '/ ct=60,110,112 3[0]', []],
    ['with one unquoted format', '</>;rt="oma.lwm2m";ct=11543,</3/0>', '/ ct=11543 3[0]', []],
    ['with unquoted formats', '</>;rt=oma.lwm2m;ct=60 110,</3/0>', '/ ct=60,110 3[0]', ['links.unquoted']],
    ['with formats by comma', '</>;ct=60,110,</3/0>', '/ ct=60,110 3[0]', ['links.unquoted']],
    [
      'with formats repeated',
      '</>;rt="oma.lwm2m";ct=110;ct=112,</3/0>',
      '/ ct=110,112 3[0]',
      ['links.attribute-twice'],
    ],
    ['with an alternate root', '</lwm2m>;rt="oma.lwm2m",</lwm2m/1/0>,</lwm2m/3/0>', '/lwm2m ct= 1[0] 3[0]', []],
    ['with a root of two segments', '</a/b>;rt="oma.lwm2m";ct=60,</a/b/3/0>', '/a/b ct=60 3[0]', []],
    ['with a root and paths beside it', '</lwm2m>;rt="oma.lwm2m",</3/0>', '/lwm2m ct= 3[0]', []],
    ['with a root that says nothing', '</lwm2m/1/0>,</lwm2m/3/0>', '/lwm2m ct= 1[0] 3[0]', ['links.rt-missing']],
    ['with other resources of the device', '</3/0>,</sensors/light>', '/ ct= 3[0]', ['links.unknown-target']],
    ['with versions', '</3>;ver=1.1,</3/0>,</4>;ver="1.2",</4/0>', '/ ct= 3:1.1[0] 4:1.2[0]', []],
    [
      'with versions on instances',
      '</3/0>;ver="1.1",</3/1>;ver=1.1',
      '/ ct= 3:1.1[0,1]',
      ['links.version-on-instance'],
    ],
    ['with odd versions', '</3>;ver=v1.1.0,</4>;ver=2', '/ ct= 3:1.1[] 4:2.0[]', ['links.version-spelling']],
    ['with resources (mbed)', '</3/0>,</3/0/0>,</3/0/7/1>', '/ ct= 3[0]', ['links.below-instance']],
    ['with hidden objects', '</0/0>,</21/0>,</3/0>', '/ ct= 3[0]', ['links.hidden-object']],
    ['without leading slashes', '<3/0>,<4/0>', '/ ct= 3[0] 4[0]', ['links.relative']],
    [
      'with blanks and line ends',
      '</3/0> ; ver = 1.1 ,\r\n </4/0>',
      '/ ct= 3:1.1[0] 4[0]',
      ['links.version-on-instance'],
    ],
    ['with commas too many', '</3/0>,,</4/0>,', '/ ct= 3[0] 4[0]', ['links.separator']],
    ['with the zero that ends a text in C', '</3/0>,</4>;ver=1.1\0', '/ ct= 3[0] 4:1.1[]', ['links.separator']],
    ['with a semicolon for a comma', '</3/0>;,</4/0>', '/ ct= 3[0] 4[0]', ['links.separator']],
    ['that is empty', '', '/ ct=', []],
  ])('%s', (_what, text, expected, quirks) => {
    expect(summary(text)).toBe(expected)
    const supported = parseSupportedObjects(text)
    expect(isFault(supported) ? supported : supported.quirks).toEqual(quirks)
  })

  it.each<[path: readonly number[], there: boolean]>([
    [[], true],
    [[3], true],
    [[3, 0, 1], true],
    [[3, 1], false],
    [[9], true],
    [[9, 5, 1], true],
    [[4], false],
  ])('says whether %j is there: %s', (path, there) => {
    const supported = parseSupportedObjects('</3/0>,</9>')
    expect(!isFault(supported) && supports(supported, path as never)).toBe(there)
  })

  it('gives the versions the device named', () => {
    const supported = parseSupportedObjects('</3>;ver=1.1,</4/0>')
    expect(isFault(supported) ? supported : [...versionsOf(supported)]).toEqual([[3, '1.1']])
  })
})

describe('links', () => {
  it('keep quoted separators and escapes', () => {
    const links = parseLinks('</a>;title="x,y;<z> \\"q\\""', new QuirkSet())
    expect(isFault(links) ? links : links[0]?.attributes.get('title')).toBe('x,y;<z> "q"')
  })

  it('read back what was written', () => {
    const links: readonly Link[] = [
      {
        target: '/3/0',
        attributes: new Map([
          ['ver', '1.1'],
          ['title', 'a "b" \\ c, d;e'],
          ['obs', ''],
        ]),
      },
      { target: '/', attributes: new Map([['ct', '60 110']]) },
    ]
    expect(parseLinks(formatLinks(links), new QuirkSet())).toEqual(links)
  })

  it('beyond their limits are a fault', () => {
    expect(parseLinks('</1>,'.repeat(linkLimit + 1), new QuirkSet())).toMatchObject({ fault: 'links.too-many' })
    const attributes = Array.from({ length: linkAttributeLimit + 1 }, (_, index) => `;a${index}`).join('')
    expect(parseLinks(`</1>${attributes}`, new QuirkSet())).toMatchObject({ fault: 'links.syntax' })
  })

  it('of a megabyte are read or refused in no time', () => {
    expect(parseLinks('<'.repeat(1_000_000), new QuirkSet())).toMatchObject({ fault: 'links.syntax' })
    expect(parseLinks(`</1>;a=${','.repeat(1_000_000)}`, new QuirkSet())).toHaveLength(1)
  })
})

it('takes what a gateway lists of devices behind it for no objects of its own, and for no oddity', () => {
  const supported = parseSupportedObjects('</>;rt="oma.lwm2m",</1/0>,</25/0>,</25/1>,</d01/3/0>,</d02/3303/0>')
  expect(supported).toMatchObject({ root: [], quirks: [] })
  expect('objects' in supported && [...supported.objects.keys()]).toEqual([1, 25])
})
