/** Link format as we write and filter it (RFC 6690); who reads it back is the reader of what devices list. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { filterLinks, serializeLinks, type Link } from '../../../src/coap/link-format.ts'
import { parseLinks } from '../../../src/lwm2m/link.ts'
import { QuirkSet } from '../../../src/lwm2m/quirks.ts'

const target = fc.string({ maxLength: 20 }).map((text) => text.replaceAll(/[<>]/g, '').trim())
const name = fc.constantFrom('rt', 'if', 'sz', 'ct', 'title', 'obs', 'x', 'ver')
const attribute = fc.record({ name, value: fc.option(fc.string({ maxLength: 12 }), { nil: undefined }) })
const links = fc.array(
  fc.record({
    target,
    attributes: fc.uniqueArray(attribute, { selector: ({ name: of }) => of, maxLength: 5 }),
  }),
  { maxLength: 6 },
)

describe('link format', () => {
  it('is read as it was written (RFC 6690 §2)', () => {
    fc.assert(
      fc.property(links, (written: Link[]) => {
        const quirks = new QuirkSet()
        const read = written.map(({ target: of, attributes }) => ({
          target: of,
          attributes: new Map(attributes.map((each) => [each.name, each.value ?? ''])),
        }))
        expect(parseLinks(serializeLinks(written), quirks)).toEqual(read)
        expect(quirks.list()).toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  it('a filter only ever leaves links out, and keeps their order (RFC 6690 §4.1)', () => {
    fc.assert(
      fc.property(links, name, fc.string({ maxLength: 4 }), (all, of, value) => {
        const found = filterLinks(all, [`${of}=${value}`])
        expect(all.filter((link) => found.includes(link))).toEqual(found)
        expect(filterLinks(all, [`${of}=*`])).toEqual(filterLinks(all, [of]))
      }),
    )
  })
})
