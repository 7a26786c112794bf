/**
 * What has to be known of a device to ask something of it: version, objects, model, formats. Made from
 * its registration when an operation is at hand, and thrown away.
 */
import { isFault } from '../../base/fault.ts'
import { deviceModel, type DeviceModel, type EnablerVersion, type ObjectLibrary } from '../model/library.ts'
import type { FormatNumber } from '../payload/content-format.ts'
import { parseSupportedObjects, versionsOf, type SupportedObjects } from '../supported-objects.ts'

/** Formats the device has shown to speak; kept per device. */
export interface FormatMemory {
  /** Of its last good answer with content. */
  readonly answered?: FormatNumber
  /** Of the last write it took. */
  readonly accepted?: FormatNumber
  /** Of 1.0: it answers for one value in text, so it most likely takes text for one. */
  readonly text?: true
  /** It numbers formats as the drafts did (1541 to 1544), and knows no other numbers. */
  readonly legacy?: true
  /** It answered 4.15 or 4.06 to what came in these. */
  readonly refused?: readonly FormatNumber[]
  /** To one value in these: some take TLV for instances, and for one value text alone. */
  readonly refusedForOne?: readonly FormatNumber[]
  /** It refused an Accept: since then the choice is left to it. */
  readonly choosesItself?: true
}

export interface DeviceView {
  readonly version: EnablerVersion
  readonly supported: SupportedObjects
  readonly model: DeviceModel
  readonly formats: FormatMemory
}

const nothing: SupportedObjects = { list: '', root: [], contentFormats: [], objects: new Map(), quirks: [] }

/** From what a registration keeps: its version and its object list as sent. */
export function deviceViewOf(
  library: ObjectLibrary,
  registration: { readonly lwm2mVersion: string; readonly links: string },
  formats: FormatMemory = {},
): DeviceView {
  const version: EnablerVersion = isEnabler(registration.lwm2mVersion) ? registration.lwm2mVersion : '1.0'
  const parsed = parseSupportedObjects(registration.links)
  const supported = isFault(parsed) ? nothing : parsed
  return { version, supported, model: deviceModel(library, version, versionsOf(supported)), formats }
}

function isEnabler(text: string): text is EnablerVersion {
  return text === '1.0' || text === '1.1' || text === '1.2'
}
