/** application/vnd.oma.lwm2m+json, the JSON of LwM2M 1.0 (LwM2M Core 1.0 §6.4.4). */
import { base64Of } from '../../base/base64.ts'
import { utf8, type Bytes } from '../../base/bytes.ts'
import { isFault, type Fault } from '../../base/fault.ts'
import { formatPath, type Path } from '../path.ts'
import type { Entry, Value } from '../value.ts'
import { entryLimit, type Decoding } from './decoding.ts'
import { isJsonObject, jsonNumber, parseJson } from './json.ts'
import { pathOfName } from './names.ts'
import { instantOfTime, tooMany } from './senml.ts'
import { typedValue, type RawValue } from './typed-value.ts'

export function decodeLwm2mJson(bytes: Bytes, decoding: Decoding): readonly Entry[] | Fault {
  const json = parseJson(bytes)
  if (isFault(json)) return json
  const elements = isJsonObject(json.item) ? json.item['e'] : undefined
  if (!isJsonObject(json.item) || !Array.isArray(elements)) return malformed('e')
  if (elements.length > entryLimit) return tooMany
  const { bn: baseName = '', bt: baseTime = 0 } = json.item
  if (typeof baseName !== 'string') return malformed('bn')
  if (typeof baseTime !== 'number') return malformed('bt')
  if (elements.length === 0) {
    const path = pathOfName(baseName, decoding)
    return isFault(path) ? path : [{ path }]
  }
  const entries: Entry[] = []
  for (const element of elements) {
    const entry = isJsonObject(element) ? entryOf(element, baseName, baseTime, decoding) : malformed('e')
    if (isFault(entry)) return entry
    entries.push(entry)
  }
  return entries
}

function entryOf(
  element: Readonly<Record<string, unknown>>,
  baseName: string,
  baseTime: number,
  decoding: Decoding,
): Entry | Fault {
  const { n: name = '', t: time = 0 } = element
  if (typeof name !== 'string') return malformed('n')
  if (typeof time !== 'number') return malformed('t')
  const path = pathOfName(joined(baseName, name), decoding)
  if (isFault(path)) return path
  const at = instantOfTime(baseTime + time, decoding.now)
  const timed = at === undefined ? {} : { at }
  const raw = rawOf(element)
  if (raw === undefined) return { path, ...timed }
  if (path.length < 3) return { fault: 'json.level', detail: `a value for ${formatPath(path)}` }
  return { path, value: typedValue(raw, path, decoding.model, decoding.quirks, true), ...timed }
}

/** Base name and name, with the slash between them that some leave out. */
function joined(baseName: string, name: string): string {
  if (baseName === '' || name === '' || baseName.endsWith('/') || name.startsWith('/')) return baseName + name
  return `${baseName}/${name}`
}

function rawOf({ v, sv, bv, ov }: Readonly<Record<string, unknown>>): RawValue | undefined {
  if (typeof v === 'number' || typeof v === 'bigint') return v
  if (typeof bv === 'boolean') return bv
  if (typeof sv === 'string') return sv
  return typeof ov === 'string' ? { link: ov } : undefined
}

function malformed(member: string): Fault {
  return { fault: 'json.member', detail: `'${member}' of LwM2M JSON is missing or of the wrong type` }
}

/** Times and names as in SenML, though base values and units are not known here. */
export function encodeLwm2mJson(base: Path, entries: readonly Entry[]): Bytes {
  // A name is put behind the base name as it is: the slash between them has to be somewhere.
  const isNamed = base.length < 3 || entries.some(({ path }) => path.length > base.length)
  const baseName = base.length === 0 ? '/' : `${formatPath(base)}${isNamed ? '/' : ''}`
  const elements = entries.map(({ path, value, at }) => {
    const members: string[] = []
    const name = path.slice(base.length).join('/')
    if (name !== '') members.push(`"n":"${name}"`)
    if (at !== undefined) members.push(`"t":${at / 1000}`)
    if (value !== undefined) members.push(valueText(value))
    return `{${members.join(',')}}`
  })
  return utf8(`{"bn":"${baseName}","e":[${elements.join(',')}]}`)
}

function valueText(value: Value): string {
  switch (value.type) {
    case 'string':
    case 'corelnk':
      return `"sv":${JSON.stringify(value.value)}`
    case 'integer':
    case 'unsigned':
    case 'time':
      return `"v":${value.value}`
    case 'float':
      return Number.isFinite(value.value) ? `"v":${jsonNumber(value.value)}` : `"sv":${jsonNumber(value.value)}`
    case 'boolean':
      return `"bv":${value.value}`
    case 'opaque':
      return `"sv":"${base64Of(value.value)}"`
    case 'objlnk':
      return `"ov":"${value.object}:${value.instance}"`
  }
}
