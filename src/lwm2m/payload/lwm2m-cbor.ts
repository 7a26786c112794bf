/**
 * application/vnd.oma.lwm2m+cbor (LwM2M Core 1.2 §7.4): nested maps whose keys are ids or arrays of
 * consecutive ids. Carries no times.
 */
import type { Bytes } from '../../base/bytes.ts'
import { isFault, type Fault } from '../../base/fault.ts'
import { formatPath, pathOf, reservedId } from '../path.ts'
import type { Entry } from '../value.ts'
import { CborWriter } from './cbor.ts'
import { decodeCbor, rawOfCbor } from './cbor-decode.ts'
import { writeCborValue } from './cbor-value.ts'
import { entryLimit, type Decoding } from './decoding.ts'
import { tooMany } from './senml.ts'
import { typedValue } from './typed-value.ts'

export function decodeLwm2mCbor(bytes: Bytes, decoding: Decoding): readonly Entry[] | Fault {
  const cbor = decodeCbor(bytes, decoding.quirks)
  if (isFault(cbor)) return cbor
  if (!(cbor.item instanceof Map)) return { fault: 'lwm2m-cbor.structure', detail: 'LwM2M CBOR is a map' }
  if (cbor.item.size === 0) return [{ path: decoding.base }]
  const entries: Entry[] = []
  const fault = collect(cbor.item, [], entries, decoding)
  return fault ?? entries
}

/** Adds what `map` holds below `above`; recursion is bounded by the four ids a path can have. */
function collect(
  map: ReadonlyMap<unknown, unknown>,
  above: readonly number[],
  entries: Entry[],
  decoding: Decoding,
): Fault | undefined {
  for (const [key, item] of map) {
    const ids = idsOf(key)
    if (ids === undefined || above.length + ids.length > 4) {
      return { fault: 'lwm2m-cbor.key', detail: `a key below ${formatPath(pathOf(above))} is no path` }
    }
    const path = pathOf([...above, ...ids])
    if (entries.length === entryLimit) return tooMany
    if (item instanceof Map && item.size > 0) {
      const fault = collect(item, path, entries, decoding)
      if (fault !== undefined) return fault
      continue
    }
    if (item instanceof Map || item === null || item === undefined) {
      entries.push({ path })
      continue
    }
    const raw = rawOfCbor(item)
    if (raw === undefined || path.length < 3) {
      return { fault: 'lwm2m-cbor.value', detail: `no value that ${formatPath(path)} can have` }
    }
    entries.push({ path, value: typedValue(raw, path, decoding.model, decoding.quirks) })
  }
  return undefined
}

function idsOf(key: unknown): readonly number[] | undefined {
  const ids: readonly unknown[] = Array.isArray(key) ? key : [key]
  const isId = (id: unknown): id is number =>
    typeof id === 'number' && Number.isInteger(id) && id >= 0 && id < reservedId
  return ids.length > 0 && ids.every(isId) ? ids : undefined
}

/** Ids of one instance share one key; a lone resource takes its whole path into the key. */
export function encodeLwm2mCbor(entries: readonly Entry[]): Bytes {
  const writer = new CborWriter()
  const [only] = entries
  if (entries.length === 1 && only !== undefined && only.value !== undefined) {
    writeKey(writer.map(1), only.path)
    writeCborValue(writer, only.value)
    return writer.finish()
  }
  writeLevel(writer, [], entries)
  return writer.finish()
}

/** How many ids go into one key at each depth: object and instance together, then one by one. */
const keyLengths: readonly number[] = [2, 0, 1, 1]

function writeLevel(writer: CborWriter, above: readonly number[], entries: readonly Entry[]): void {
  const groups = new Map<string, Entry[]>()
  for (const entry of entries) {
    if (entry.path.length <= above.length) continue
    const key = entry.path.slice(above.length, above.length + keyLengths[above.length]!).join('/')
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [entry])
    else group.push(entry)
  }
  writer.map(groups.size)
  for (const [key, group] of groups) {
    const ids = key.split('/').map(Number)
    const path = [...above, ...ids]
    writeKey(writer, ids)
    const here = group.findLast((entry) => entry.path.length === path.length && entry.value !== undefined)
    if (here?.value !== undefined) writeCborValue(writer, here.value)
    else if (path.length === 1 || path.length === 4) writer.map(0)
    else writeLevel(writer, path, group)
  }
}

function writeKey(writer: CborWriter, ids: readonly number[]): void {
  if (ids.length > 1) writer.array(ids.length)
  for (const id of ids) writer.integer(id)
}
