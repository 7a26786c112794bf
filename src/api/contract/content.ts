/**
 * The shapes of what a device said, as `result` of an operation and `detail` of an event carry them. Types
 * only: they are made below the API and passed on as they are. Whole numbers beyond 2^53 are strings of
 * digits, octets lower-case hex, times ISO 8601 in UTC, object links `3:0`.
 */

export type ValueJson = string | number | boolean

/** Result of read and observe: a tree from the path that was asked for down to its values. */
export interface ContentJson {
  readonly path: string
  readonly name?: string
  /** string, integer, unsigned, float, boolean, opaque, time, objlnk or corelnk. */
  readonly type?: string
  readonly unit?: string
  /** A single resource or a resource instance. */
  readonly value?: ValueJson
  /** A multiple resource, by resource instance id. */
  readonly values?: Readonly<Record<string, ValueJson>>
  /** An object instance, by resource id. */
  readonly resources?: Readonly<Record<string, ContentJson>>
  /** An object, by instance id. */
  readonly instances?: Readonly<Record<string, ContentJson>>
  /** The root, by object id: composites. */
  readonly objects?: Readonly<Record<string, ContentJson>>
  /** When the device says that it was so. */
  readonly at?: string
}

/** One of the `samples` of a notification or a Send. */
export interface SampleJson {
  readonly path: string
  readonly name?: string
  readonly unit?: string
  readonly value: ValueJson
  readonly at?: string
}

/** One of the results of discover. */
export interface LinkJson {
  readonly path: string
  readonly name?: string
  /** dim, ver, ssid, uri, pmin, pmax, gt, lt, st … as the device sent them. */
  readonly attributes: Readonly<Record<string, string>>
}

/** Detail of the event `notification`; `undecodable` where the payload could not be read. */
export interface NotificationJson {
  readonly path: string
  readonly samples?: readonly SampleJson[]
  readonly undecodable?: string
}
