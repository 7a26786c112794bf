/**
 * What people write into a scenario for a duration, a share or a size, and what it comes to. Knows the
 * notation, not what it is used for.
 */
import Type, { type TUnsafe } from 'typebox'
import { milliseconds, type Duration } from '../../base/time.ts'
import { bytesOf, millisecondsOf } from '../../config/load.ts'

type Written = string | number

/** `500ms`, `30s`, `5m`, `2h`, `1d`; undefined where it is no duration. */
export function durationOf(written: Written): Duration | undefined {
  const value = typeof written === 'string' && /[a-z]/i.test(written) ? millisecondsOf(written) : Number.NaN
  return Number.isFinite(value) ? milliseconds(value) : undefined
}

/** `3 %` or `0.03`; undefined where it is not between nothing and all. */
export function shareOf(written: Written): number | undefined {
  const percent = typeof written === 'string' ? /^(\d+(?:\.\d+)?)\s*%$/.exec(written.trim()) : null
  const share = typeof written === 'number' ? written : percent === null ? Number.NaN : Number(percent[1]) / 100
  return share >= 0 && share <= 1 ? share : undefined
}

/** `65536`, `64k`, `64 KiB`; undefined where it is no size. */
export function sizeOf(written: Written): number | undefined {
  const octets = bytesOf(String(written).replace(/i?b$/i, ''))
  return Number.isInteger(octets) ? octets : undefined
}

export const durationSchema = checked(durationOf, 'must be a duration with its unit, like 500ms, 30s, 5m, 2h, 1d')
export const shareSchema = checked(shareOf, 'must be a share, like 3 % or 0.03, at most 100 %')
export const sizeSchema = checked(sizeOf, 'must be a size, like 65536, 64k or 64 KiB')

function checked(read: (written: Written) => number | undefined, message: string): TUnsafe<Written> {
  const isRight = (value: unknown): boolean =>
    (typeof value === 'string' || typeof value === 'number') && read(value) !== undefined
  return Type.Refine(Type.Unsafe<Written>(Type.Unknown()), isRight, () => message)
}
