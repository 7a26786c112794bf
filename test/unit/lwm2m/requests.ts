/** Requests as a device would send them, for the parsers. */
import { utf8, type Bytes } from '../../../src/base/bytes.ts'
import { option } from '../../../src/coap/options.ts'
import type { OptionsView } from '../../../src/coap/types.ts'

/** Options of a message that has a Content-Format at most. */
export function optionsWith(contentFormat: number | undefined): OptionsView {
  const value = (number: number): number | undefined => (number === option.contentFormat ? contentFormat : undefined)
  return {
    has: (number) => value(number) !== undefined,
    bytes: () => undefined,
    uint: value,
    text: () => undefined,
    texts: () => [],
    includes: () => false,
  }
}

/** A POST with `query` (between &) and a payload of links. */
export function post(query: string, payload: string | Bytes = '</3/0>', contentFormat: number | undefined = 40) {
  return {
    code: 2,
    query: query === '' ? [] : query.split('&'),
    options: optionsWith(contentFormat),
    payload: typeof payload === 'string' ? utf8(payload) : payload,
  }
}
