/** supported_groups (RFC 8422 §5.1.1): curves, most wanted first. */
import type { Bytes } from '../../../base/bytes.ts'
import { decodeUint16List, encodeUint16List } from './uint16-list.ts'

export const supportedGroupsExtension = 10

/** Groups by IANA number. */
export const namedGroups = { 23: 'secp256r1', 24: 'secp384r1', 29: 'x25519' } as const
export type NamedGroup = (typeof namedGroups)[keyof typeof namedGroups]

export function groupOf(number: number): NamedGroup | undefined {
  return (namedGroups as Readonly<Record<number, NamedGroup>>)[number]
}

export function numberOfGroup(group: NamedGroup): number {
  return group === 'secp256r1' ? 23 : group === 'secp384r1' ? 24 : 29
}

/** Numbers, unknown ones included. */
export function decodeSupportedGroups(body: Bytes): readonly number[] | undefined {
  return decodeUint16List(body)
}

export function encodeSupportedGroups(groups: readonly NamedGroup[]): Bytes {
  return encodeUint16List(groups.map(numberOfGroup))
}
