/**
 * What the virtual device's own encodings are about: a leaf is one resource value (or one instance of a
 * multiple resource) with its path. Written apart from src/lwm2m on purpose: this device is the
 * independent peer, so a misreading there must not be shared here. Knows no wire format.
 */

export type ResourceType = 'string' | 'integer' | 'float' | 'boolean' | 'time' | 'opaque' | 'objlnk'

/** Integers and times (seconds since 1970) are numbers, object links are "3:0" texts. */
export type LeafValue = string | number | boolean | Uint8Array

export interface Leaf {
  /** Object, instance, resource and, of a multiple resource, resource instance. */
  readonly path: readonly number[]
  readonly type: ResourceType
  readonly value: LeafValue
}

/** The type of a resource as the device's object tree knows it; undefined where it has no such resource. */
export type TypeOf = (objectId: number, resourceId: number) => ResourceType | undefined

/** Why a payload could not be taken: not what its format promises, or about something the device does not have. */
export type DecodeFailure = 'malformed' | 'unknown-resource'

export const pathText = (path: readonly number[]): string => `/${path.join('/')}`

/** The ids of "/3/0/1", or undefined where a segment is no id (0–65535, LwM2M Core 1.1 §7.1) or there are more than four. */
export function idsOf(segments: readonly string[]): readonly number[] | undefined {
  if (segments.length > 4) return undefined
  const ids = segments.map((segment) => (/^(0|[1-9]\d{0,4})$/.test(segment) ? Number(segment) : -1))
  return ids.every((id) => id >= 0 && id <= 65535) ? ids : undefined
}

/** Whether `value` is one that a resource of `type` can hold. */
export function fits(type: ResourceType, value: LeafValue): boolean {
  switch (type) {
    case 'string':
      return typeof value === 'string'
    case 'integer':
    case 'time':
      return Number.isSafeInteger(value)
    case 'float':
      return typeof value === 'number'
    case 'boolean':
      return typeof value === 'boolean'
    case 'opaque':
      return value instanceof Uint8Array
    case 'objlnk':
      return typeof value === 'string' && /^\d{1,5}:\d{1,5}$/.test(value)
  }
}
