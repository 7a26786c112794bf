/** What part of a file a request asks for: one byte range, preconditions by ETag (RFC 9110 §13, §14). Pure. */
import { listsTag } from '../../base/entity-tag.ts'

export interface RangeHeaders {
  readonly range?: string
  readonly ifRange?: string
  readonly ifMatch?: string
  readonly ifNoneMatch?: string
}

export type Asked =
  | { readonly status: 200 }
  /** `takesRest`: no end was named, it wants all there is from `first` on. */
  | { readonly status: 206; readonly first: number; readonly last: number; readonly takesRest: boolean }
  | { readonly status: 304 | 412 | 416 }

/**
 * `etag` with its quotes, strong. A Range that is none, of another unit or of several parts is not there (§14.2); a
 * date in If-Range never matches, because the files have none.
 */
export function askedOf({ range, ifRange, ifMatch, ifNoneMatch }: RangeHeaders, etag: string, size: number): Asked {
  if (ifMatch !== undefined && !listsTag(ifMatch, etag, 'strongly')) return { status: 412 }
  if (ifNoneMatch !== undefined && listsTag(ifNoneMatch, etag, 'weakly')) return { status: 304 }
  if (range === undefined || (ifRange !== undefined && ifRange.trim() !== etag)) return { status: 200 }
  const [, first = '', last = ''] = /^bytes=[ \t]*(\d{0,15})-(\d{0,15})[ \t]*$/i.exec(range) ?? []
  if (first === '' && last === '') return { status: 200 }
  if (first === '') {
    const suffix = Math.min(Number(last), size)
    return suffix === 0 ? { status: 416 } : { status: 206, first: size - suffix, last: size - 1, takesRest: true }
  }
  if (last !== '' && Number(last) < Number(first)) return { status: 200 }
  if (Number(first) >= size) return { status: 416 }
  const takesRest = last === ''
  return { status: 206, first: Number(first), last: takesRest ? size - 1 : Math.min(Number(last), size - 1), takesRest }
}
