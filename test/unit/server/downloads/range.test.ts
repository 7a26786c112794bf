/** Which part of a file a request asks for (RFC 9110 §13 and §14). */
import { expect, it } from 'vitest'
import { askedOf, type Asked, type RangeHeaders } from '../../../../src/server/downloads/range.ts'

const etag = '"abc"'
const part = (first: number, last: number): Asked => ({ status: 206, first, last, takesRest: false })
const rest = (first: number): Asked => ({ status: 206, first, last: 999, takesRest: true })
const whole: Asked = { status: 200 }

it.each<[RangeHeaders, Asked]>([
  [{}, whole],
  [{ range: 'bytes=0-499' }, part(0, 499)],
  [{ range: 'bytes=500-' }, rest(500)],
  [{ range: 'bytes=-300' }, rest(700)],
  [{ range: 'bytes=-5000' }, rest(0)],
  [{ range: 'bytes=900-5000' }, part(900, 999)],
  [{ range: 'BYTES=999-999' }, part(999, 999)],
  [{ range: 'bytes=1000-' }, { status: 416 }],
  [{ range: 'bytes=-0' }, { status: 416 }],
  [{ range: 'bytes=5-4' }, whole],
  [{ range: 'bytes=0-1,3-4' }, whole],
  [{ range: 'lines=0-1' }, whole],
  [{ range: 'bytes=-' }, whole],
  [{ range: 'bytes=a-b' }, whole],
  [{ range: `bytes=${'9'.repeat(30)}-` }, whole],
  [{ range: 'bytes=500-', ifRange: '"abc"' }, rest(500)],
  [{ range: 'bytes=500-', ifRange: '"other"' }, whole],
  [{ range: 'bytes=500-', ifRange: 'W/"abc"' }, whole],
  [{ range: 'bytes=500-', ifRange: 'Sat, 29 Oct 1994 19:43:31 GMT' }, whole],
  [{ ifMatch: '"abc"' }, whole],
  [{ ifMatch: '"x", "abc"', range: 'bytes=0-0' }, part(0, 0)],
  [{ ifMatch: 'W/"abc"' }, { status: 412 }],
  [{ ifMatch: '*' }, whole],
  [{ ifNoneMatch: '"abc"' }, { status: 304 }],
  [{ ifNoneMatch: 'W/"abc"' }, { status: 304 }],
  [{ ifNoneMatch: '"x"' }, whole],
])('%j of 1000 octets', (headers, expected) => expect(askedOf(headers, etag, 1000)).toEqual(expected))
