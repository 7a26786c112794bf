/**
 * From names in SenML and LwM2M JSON to paths: base name and name are simply concatenated
 * (RFC 8428 §4.5.1), but devices also leave out the leading slash, the base, or put their root in.
 */
import type { Fault } from '../../base/fault.ts'
import { isFault } from '../../base/fault.ts'
import { formatPath, isWithin, parsePath, type Path } from '../path.ts'
import type { Decoding } from './decoding.ts'

/** Characters of a name beyond which it cannot be a path. */
const nameLimit = 128

/** The path `name` means in an answer for `decoding.base`; '' is the base itself. */
export function pathOfName(name: string, decoding: Decoding): Path | Fault {
  const { base, quirks } = decoding
  if (name.length > nameLimit) return { fault: 'name.length', detail: 'a name is too long for a path' }
  if (name === '') return base
  const absolute = parsePath(withoutRoot(name, decoding))
  if (name.startsWith('/')) return absolute
  // "3/0/1" may be the path itself; "1" after a read of /3/0 is below it.
  quirks.add('name.relative')
  if (!isFault(absolute) && base.length > 0 && isWithin(base, absolute)) return absolute
  if (base.length === 0) return absolute
  const below = parsePath(`${formatPath(base)}/${name}`)
  return isFault(below) ? absolute : below
}

function withoutRoot(name: string, { root = [], quirks }: Decoding): string {
  const prefix = root.map((segment) => `/${segment}`).join('')
  if (prefix === '' || (name !== prefix && !name.startsWith(`${prefix}/`))) return name
  quirks.add('name.root-prefix')
  return name.slice(prefix.length)
}
