/**
 * What a device's object list says: its root, its content formats, its objects with versions and
 * instances (LwM2M Core 1.2 §6.2.1, Transport §6.4.1). The registration keeps the list as text; this
 * reads it when somebody needs to know.
 */
import { isFault, type Fault } from '../base/fault.ts'
import { LruMap } from '../base/lru.ts'
import { linkLimit, parseLinks, type Link } from './link.ts'
import { parseId, type Path } from './path.ts'
import { QuirkSet, type QuirkName } from './quirks.ts'

export interface SupportedObject {
  /** `major.minor` as the device names it; absent where it names none. */
  readonly version?: string
  /** Ascending. */
  readonly instances: readonly number[]
}

export interface SupportedObjects {
  /** The list as sent: one text for all who sent the same. */
  readonly list: string
  /** Segments before every path of the device; empty unless it has an alternate root. */
  readonly root: readonly string[]
  /** Content formats the device says it can do; empty where it says nothing. */
  readonly contentFormats: readonly number[]
  readonly objects: ReadonlyMap<number, SupportedObject>
  readonly quirks: readonly QuirkName[]
}

/** Objects a device must not show: Security, OSCORE, COSE (LwM2M Core 1.2 §6.2.1). */
const hiddenObjects: ReadonlySet<number> = new Set([0, 21, 23])

interface ObjectUnderConstruction {
  version: string | undefined
  readonly instances: Set<number>
}

/** Different lists whose reading is kept, and the longest of them, characters. */
const keptLists = 256
const longestKept = 2048

/** Devices of one product send the same list: reading it again took an eighth of a Register. */
const readLists = new LruMap<string, SupportedObjects | Fault>(keptLists)

/** Total on any text; a fault where the list is no link format. */
export function parseSupportedObjects(text: string): SupportedObjects | Fault {
  const known = readLists.use(text)
  if (known !== undefined) return known
  const read = readSupportedObjects(text)
  if (text.length <= longestKept) readLists.set(text, read)
  return read
}

function readSupportedObjects(text: string): SupportedObjects | Fault {
  const quirks = new QuirkSet()
  const links = parseLinks(text, quirks)
  if (isFault(links)) return links
  const rootLink = links.find((link) => /(^|\s)oma\.lwm2m(\s|$)/.test(link.attributes.get('rt') ?? ''))
  const root = segmentsOf(rootLink?.target ?? guessedRoot(links, quirks), quirks)
  const objects = new Map<number, ObjectUnderConstruction>()
  const isGateway = links.some(({ target }) => /(^|\/)25(\/\d+)?$/.test(target))
  for (const link of links) if (!isGateway || !isBehindGateway(link, root)) addLink(link, root, objects, quirks)
  const formatsLink = rootLink ?? links.find((link) => link.target === '/')
  return {
    list: text,
    root,
    contentFormats: contentFormatsOf(formatsLink?.attributes.get('ct')),
    objects: new Map(
      [...objects].map(([id, { version, instances }]) => [
        id,
        { ...(version !== undefined && { version }), instances: [...instances].sort((a, b) => a - b) },
      ]),
    ),
    quirks: quirks.list(),
  }
}

/** A first segment that is no id and that every other link shares is a root without its rt. */
function guessedRoot(links: readonly Link[], quirks: QuirkSet): string {
  const first = links.map((link) => link.target.split('/').find((segment) => segment !== ''))
  const candidate = first.find((segment) => segment !== undefined)
  if (candidate === undefined || parseId(candidate) !== undefined) return '/'
  const below = links.filter((link, index) => first[index] === candidate && /\/\d+(\/\d+)*\/?$/.test(link.target))
  if (below.length === 0 || links.some((_, index) => first[index] !== undefined && first[index] !== candidate))
    return '/'
  quirks.add('links.rt-missing')
  return `/${candidate}`
}

/** `</d01/3/0>` of a gateway (object 25): an object of a device behind it, under that device's prefix. */
function isBehindGateway({ target }: Link, root: readonly string[]): boolean {
  const [prefix, ...ids] = target.split('/').filter((segment) => segment !== '')
  if (prefix === undefined || parseId(prefix) !== undefined || prefix === root[0]) return false
  return ids.length > 0 && ids.every((id) => parseId(id) !== undefined)
}

function addLink(link: Link, root: readonly string[], objects: Map<number, ObjectUnderConstruction>, quirks: QuirkSet) {
  const segments = segmentsOf(link.target, quirks)
  const isBelowRoot = root.length > 0 && root.every((segment, index) => segments[index] === segment)
  const ids = (isBelowRoot ? segments.slice(root.length) : segments).map(parseId)
  if (ids.length === 0) return
  if (ids.some((id) => id === undefined)) return quirks.add('links.unknown-target')
  const [objectId, instanceId] = ids as number[]
  if (hiddenObjects.has(objectId!)) return quirks.add('links.hidden-object')
  if (ids.length > 2) quirks.add('links.below-instance')
  let object = objects.get(objectId!)
  if (object === undefined) {
    object = { version: undefined, instances: new Set() }
    objects.set(objectId!, object)
  }
  if (instanceId !== undefined && object.instances.size < linkLimit) object.instances.add(instanceId)
  const version = link.attributes.get('ver')
  if (version === undefined || ids.length > 2) return
  if (ids.length === 2) quirks.add('links.version-on-instance')
  object.version ??= normalVersion(version, quirks)
}

function segmentsOf(target: string, quirks: QuirkSet): readonly string[] {
  if (target !== '' && !target.startsWith('/')) quirks.add('links.relative')
  return target.split('/').filter((segment) => segment !== '')
}

/** `1.1` from `1.1`, `v1.1`, `1.1.0` or `1`; undefined where there is no number in it. */
function normalVersion(text: string, quirks: QuirkSet): string | undefined {
  if (/^\d{1,3}\.\d{1,3}$/.test(text)) return text
  quirks.add('links.version-spelling')
  const match = /^\s*v?(\d{1,3})(?:\.(\d{1,3}))?/i.exec(text)
  return match ? `${match[1]}.${match[2] ?? '0'}` : undefined
}

/** `60 110 112`, `60,110` or one number. */
function contentFormatsOf(text: string | undefined): readonly number[] {
  const numbers = (text ?? '').split(/[\s,]+/).filter((part) => /^\d{1,5}$/.test(part))
  return [...new Set(numbers.map(Number))].filter((format) => format <= 65535)
}

/** Versions by object, for the model of the device. */
export function versionsOf(supported: SupportedObjects): ReadonlyMap<number, string> {
  const versions = new Map<number, string>()
  for (const [id, { version }] of supported.objects) if (version !== undefined) versions.set(id, version)
  return versions
}

/**
 * Whether the device may have something at `path`, going by its list. An object listed without
 * instances may have any; objects it must hide are never there.
 */
export function supports(supported: SupportedObjects, path: Path): boolean {
  const [objectId, instanceId] = path
  if (objectId === undefined) return true
  const object = supported.objects.get(objectId)
  if (object === undefined) return false
  return instanceId === undefined || object.instances.length === 0 || object.instances.includes(instanceId)
}
