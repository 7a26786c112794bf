/**
 * All object definitions a server knows, several versions of an object side by side, and which of them
 * applies to a device. Never answers "unknown version": the nearest definition is better than none, and
 * data without any definition is kept raw by the codecs.
 */
import type { Path } from '../path.ts'
import { parseDdf, type DdfProblem } from './ddf.ts'
import type { ObjectDefinition, ResourceDefinition } from './definition.ts'

export type EnablerVersion = '1.0' | '1.1' | '1.2'

/** What a codec asks: how is the resource at this path defined? */
export interface Model {
  resource(path: Path): ResourceDefinition | undefined
}

/** Definitions as they apply to one device. */
export interface DeviceModel extends Model {
  object(objectId: number): ObjectDefinition | undefined
  /** Whether the definition used is of the very version the device has; true where it names none. */
  isExact(objectId: number): boolean
  /** The object whose name this is, upper and lower case, blanks and signs aside. */
  objectNamed(name: string): number | undefined
  /** Names of all known objects with their ids, for suggestions and completion. */
  objectNames(): ReadonlyMap<string, number>
}

interface Entry {
  readonly id: number
  readonly name: string
  readonly version: string
  /** Filled on first use: most of the shipped definitions are never asked for. */
  definition: ObjectDefinition | undefined
  readonly text: string
}

export interface Found {
  readonly definition: ObjectDefinition
  /** False where another version stands in. */
  readonly exact: boolean
}

export class ObjectLibrary {
  #versions = new Map<number, Entry[]>()
  /** By plain name, and by the name as written. */
  #ids = new Map<string, number>()
  #names = new Map<string, number>()
  #generation = 0

  /** Rises whenever definitions change: what was made of them has to be made anew. */
  get generation(): number {
    return this.#generation
  }

  /** Knows from now on what `other` knows, and nothing else. */
  become(other: ObjectLibrary): void {
    this.#versions = other.#versions
    this.#ids = other.#ids
    this.#names = other.#names
    this.#generation++
  }

  /** Reads a definition file now; one of the same object and version replaces what was there. */
  add(text: string): readonly DdfProblem[] {
    const { definitions, problems } = parseDdf(text)
    for (const definition of definitions) {
      this.#insert({ id: definition.id, name: definition.name, version: definition.version, definition, text: '' })
    }
    return problems
  }

  /**
   * Takes note of a file that is known to be sound and holds one object; reads it when it is first asked
   * for. False where its head does not say what it defines.
   */
  addUnread(text: string): boolean {
    const id = /<ObjectID>\s*(\d{1,5})\s*</.exec(text)
    const name = /<Name>\s*([^<]+?)\s*</.exec(text)
    const version = /<ObjectVersion>\s*([\d.]+)\s*</.exec(text)
    if (!id || !name || !version) return false
    this.#insert({ id: Number(id[1]), name: name[1]!, version: version[1]!, definition: undefined, text })
    return true
  }

  /** The definition of `version`, or the nearest there is; without a version, the newest. */
  lookup(objectId: number, version?: string): Found | undefined {
    const entries = this.#versions.get(objectId)
    if (entries === undefined) return undefined
    let best: Entry | undefined
    for (const entry of entries) {
      if (best === undefined || version === undefined || distance(entry, version) <= distance(best, version))
        best = entry
    }
    const definition = best && read(best)
    return definition && { definition, exact: version === undefined || definition.version === version }
  }

  /** Definitions of an object, oldest version first. */
  versionsOf(objectId: number): readonly ObjectDefinition[] {
    return (this.#versions.get(objectId) ?? []).map(read).filter((definition) => definition !== undefined)
  }

  /** Every object's id, name and versions, by id. */
  list(): readonly { readonly id: number; readonly name: string; readonly versions: readonly string[] }[] {
    return [...this.#versions]
      .sort(([a], [b]) => a - b)
      .map(([id, entries]) => ({ id, name: entries.at(-1)!.name, versions: entries.map((entry) => entry.version) }))
  }

  idNamed(name: string): number | undefined {
    return this.#ids.get(plainName(name))
  }

  names(): ReadonlyMap<string, number> {
    return this.#names
  }

  #insert(entry: Entry): void {
    this.#generation++
    const entries = (this.#versions.get(entry.id) ?? []).filter((other) => other.version !== entry.version)
    entries.push(entry)
    entries.sort((a, b) => rank(a.version) - rank(b.version))
    this.#versions.set(entry.id, entries)
    this.#names.set(entry.name, entry.id)
    for (const name of [plainName(entry.name), plainName(entry.name).replace(/^lwm2m/, '')]) {
      const known = this.#ids.get(name)
      // Location is /6 as well as /3336: the lower id is the one people mean.
      if (known === undefined || known > entry.id) this.#ids.set(name, entry.id)
    }
  }
}

function read(entry: Entry): ObjectDefinition | undefined {
  entry.definition ??= parseDdf(entry.text).definitions[0]
  return entry.definition
}

/** Names compare without case, blanks and signs: `On/Off switch`, `on-off-switch` and `OnOffSwitch` are one. */
export function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
}

function rank(version: string): number {
  const [major, minor] = version.split('.')
  return Number(major) * 1000 + Number(minor ?? 0)
}

function distance(entry: Entry, version: string): number {
  return Math.abs(rank(entry.version) - rank(version))
}

/**
 * Versions of core objects a device means when it names none (LwM2M Core 1.0 §5.2.1, 1.1 and 1.2 §6.1.1);
 * objects not listed are then version 1.0.
 */
const coreVersions: Readonly<Record<EnablerVersion, Readonly<Record<number, string>>>> = {
  '1.0': {},
  '1.1': { 0: '1.1', 1: '1.1', 3: '1.1', 4: '1.2' },
  '1.2': { 0: '1.2', 1: '1.2', 2: '1.1', 3: '1.2', 4: '1.3', 5: '1.1', 21: '2.0' },
}

/** The model of a device that registered with `enabler` and named these object `versions`. */
export function deviceModel(
  library: ObjectLibrary,
  enabler: EnablerVersion,
  versions: ReadonlyMap<number, string> = new Map(),
): DeviceModel {
  const found = new Map<number, Found | undefined>()
  const find = (objectId: number): Found | undefined => {
    if (!found.has(objectId)) {
      const version = versions.get(objectId) ?? coreVersions[enabler][objectId] ?? '1.0'
      found.set(objectId, library.lookup(objectId, version))
    }
    return found.get(objectId)
  }
  return {
    object: (objectId) => find(objectId)?.definition,
    isExact: (objectId) => !versions.has(objectId) || (find(objectId)?.exact ?? true),
    resource: (path) => {
      const [objectId, , resourceId] = path
      if (objectId === undefined || resourceId === undefined) return undefined
      const own = find(objectId)?.definition.resources.get(resourceId)
      if (own !== undefined || find(objectId) === undefined) return own
      // Devices name an older version than the one they implement: a newer one may know the resource.
      return library
        .versionsOf(objectId)
        .findLast((definition) => definition.resources.has(resourceId))
        ?.resources.get(resourceId)
    },
    objectNamed: (name) => library.idNamed(name),
    objectNames: () => library.names(),
  }
}
