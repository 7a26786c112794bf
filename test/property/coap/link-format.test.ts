/**
 * Link format there and back, and on any text at all (RFC 6690).
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { filterLinks, parseLinks, serializeLinks, type Link } from '../../../src/coap/link-format.ts'

const target = fc.string({ maxLength: 20 }).map((text) => text.replaceAll(/[<>]/g, ''))
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
  it('reads back what it wrote (RFC 6690 §2)', () => {
    fc.assert(
      fc.property(links, (written: Link[]) => {
        expect(parseLinks(serializeLinks(written))).toEqual({ links: written, warnings: [] })
      }),
      { numRuns: 500 },
    )
  })

  it('is total: any text gives links or a fault, within the limits', () => {
    const limits = { links: 3, attributesPerLink: 2 }
    const alphabet = fc.constantFrom('<', '>', ';', ',', '=', '"', '\\', ' ', 'a', '/', '1', '\u00e9')
    fc.assert(
      fc.property(
        fc.array(alphabet, { maxLength: 60 }).map((parts) => parts.join('')),
        (text) => {
          const parsed = parseLinks(text, limits)
          if ('fault' in parsed) return
          expect(parsed.links.length).toBeLessThanOrEqual(3)
          for (const { attributes } of parsed.links) expect(attributes.length).toBeLessThanOrEqual(2)
          // What was understood can be said again
          expect(parseLinks(serializeLinks(parsed.links), limits)).toMatchObject({ links: parsed.links })
        },
      ),
      { numRuns: 3000 },
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
