/**
 * Notification attributes (LwM2M Core 1.2 §5.1.2): what a server writes to say when it wants to hear of
 * a value. Parsed from what operators give, written as Uri-Query, checked the way devices check them.
 */
import { levelOf, type Path } from './path.ts'
import type { EnablerVersion, Model } from './model/library.ts'
import { refuse, refuseUnlessForced, type Refusal } from './refusal.ts'

interface Definition {
  readonly kind: 'seconds' | 'number' | 'flag' | 'count'
  readonly since: EnablerVersion
  /** For people. */
  readonly meaning: string
}

export const attributeDefinitions = {
  pmin: { kind: 'seconds', since: '1.0', meaning: 'at least this long between two notifications' },
  pmax: { kind: 'seconds', since: '1.0', meaning: 'a notification at the latest after this time' },
  gt: { kind: 'number', since: '1.0', meaning: 'notify when the value passes this from below or above' },
  lt: { kind: 'number', since: '1.0', meaning: 'notify when the value passes this from above or below' },
  st: { kind: 'number', since: '1.0', meaning: 'notify when the value changed by at least this' },
  epmin: { kind: 'seconds', since: '1.1', meaning: 'at least this long between two evaluations' },
  epmax: { kind: 'seconds', since: '1.1', meaning: 'an evaluation at the latest after this time' },
  edge: { kind: 'flag', since: '1.2', meaning: 'notify when a boolean turns false (0) or true (1)' },
  con: { kind: 'flag', since: '1.2', meaning: 'send notifications confirmable (1) or not (0)' },
  hqmax: { kind: 'count', since: '1.2', meaning: 'keep this many values for one notification' },
} as const satisfies Readonly<Record<string, Definition>>

export type AttributeName = keyof typeof attributeDefinitions

/** A number sets the attribute, null takes it away. */
export type NotificationAttributes = { readonly [K in AttributeName]?: number | null }

export const attributeNames = Object.keys(attributeDefinitions) as readonly AttributeName[]

function isAttributeName(name: string): name is AttributeName {
  return name in attributeDefinitions
}

/** From JSON: `{"pmin": 10, "pmax": null}`; numbers may come as text. */
export function parseAttributes(json: unknown): NotificationAttributes | Refusal {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    return refuse('attribute.value', 'Attributes are given as an object like {"pmin": 10, "pmax": 60}.')
  }
  const attributes: { [K in AttributeName]?: number | null } = {}
  for (const [name, given] of Object.entries(json)) {
    if (!isAttributeName(name)) {
      return refuse('attribute.unknown', `There is no attribute '${name}'.`, `known are ${attributeNames.join(', ')}`)
    }
    const value = given === null || given === '' ? null : Number(given)
    const wanted = value === null ? undefined : complaint(attributeDefinitions[name].kind, value)
    if (wanted !== undefined) return refuse('attribute.value', `'${name}' takes ${wanted}, not '${String(given)}'.`)
    attributes[name] = value
  }
  return attributes
}

function complaint(kind: Definition['kind'], value: number): string | undefined {
  switch (kind) {
    case 'seconds':
      return Number.isInteger(value) && value >= 0 && value < 2 ** 32 ? undefined : 'whole seconds from 0'
    case 'count':
      return Number.isInteger(value) && value >= 0 && value < 2 ** 32 ? undefined : 'a whole number from 0'
    case 'flag':
      return value === 0 || value === 1 ? undefined : '0 or 1'
    case 'number':
      return Number.isFinite(value) ? undefined : 'a number'
  }
}

/** From a command line: `pmin=10,pmax=60,st=`; an empty value takes the attribute away. */
export function attributesOfText(text: string): NotificationAttributes | Refusal {
  const members = text.split(/[,&\s]+/).filter((part) => part !== '')
  return parseAttributes(
    Object.fromEntries(
      members.map((member) => {
        const [name = '', ...value] = member.split('=')
        return [name, value.join('=')]
      }),
    ),
  )
}

/** Uri-Query arguments; one without a value takes the attribute away (LwM2M Core 1.2 §6.3). */
export function attributeQuery(attributes: NotificationAttributes): readonly string[] {
  const query: string[] = []
  for (const name of attributeNames) {
    const value = attributes[name]
    if (value !== undefined) query.push(value === null ? name : `${name}=${value}`)
  }
  return query
}

/** Attributes as Discover shows them; what cannot be read is left out. */
export function attributesOfLink(attributes: Readonly<Record<string, string>>): NotificationAttributes {
  const found: { [K in AttributeName]?: number } = {}
  for (const name of attributeNames) {
    const text = attributes[name]
    const value = Number(text)
    if (text !== undefined && text !== '' && complaint(attributeDefinitions[name].kind, value) === undefined)
      found[name] = value
  }
  return found
}

/** What a device would refuse with 4.00, said before anything is sent (LwM2M Core 1.2 §5.1.2). */
export function checkAttributes(
  attributes: NotificationAttributes,
  path: Path,
  version: EnablerVersion,
  model: Model,
): Refusal | undefined {
  const { pmin, pmax, epmin, epmax, gt, lt, st } = attributes
  const inconsistent = (message: string): Refusal => refuseUnlessForced('attribute.inconsistent', message)
  if (both(pmin, pmax) && pmin! > pmax!) return inconsistent(`pmin (${pmin}) must not be larger than pmax (${pmax}).`)
  if (both(epmin, epmax) && epmin! >= epmax!) {
    return inconsistent(`epmin (${epmin}) must be smaller than epmax (${epmax}).`)
  }
  if (typeof st === 'number' && st <= 0) return inconsistent(`st (${st}) must be larger than 0.`)
  if (both(lt, gt) && lt! >= gt!) return inconsistent(`lt (${lt}) must be smaller than gt (${gt}).`)
  if (both(lt, gt) && typeof st === 'number' && lt! + 2 * st >= gt!) {
    return inconsistent(`lt + 2·st (${lt! + 2 * st}) must be smaller than gt (${gt}).`)
  }
  return checkVersion(attributes, version) ?? checkTarget(attributes, path, model)
}

function both(a: number | null | undefined, b: number | null | undefined): boolean {
  return typeof a === 'number' && typeof b === 'number'
}

function checkVersion(attributes: NotificationAttributes, version: EnablerVersion): Refusal | undefined {
  const tooNew = attributeNames.find(
    (name) => attributes[name] !== undefined && attributeDefinitions[name].since > version,
  )
  if (tooNew === undefined) return undefined
  const since = attributeDefinitions[tooNew].since
  const message = `'${tooNew}' came with LwM2M ${since}; the device registered with ${version}.`
  return refuseUnlessForced('operation.needs-version', message)
}

/** Value conditions belong to resources of a fitting type (LwM2M Core 1.2 table 5.1.2-2). */
function checkTarget(attributes: NotificationAttributes, path: Path, model: Model): Refusal | undefined {
  const condition = (['gt', 'lt', 'st', 'edge'] as const).find((name) => attributes[name] !== undefined)
  if (condition === undefined) return undefined
  if (path.length < 3) {
    return refuseUnlessForced(
      'attribute.inconsistent',
      `'${condition}' belongs to a resource, not to an ${levelOf(path)}.`,
    )
  }
  const type = model.resource(path)?.type
  const fitting = condition === 'edge' ? ['boolean'] : ['integer', 'unsigned', 'float', 'time']
  if (type === undefined || fitting.includes(type)) return undefined
  return refuseUnlessForced(
    'attribute.inconsistent',
    `'${condition}' needs a resource of type ${fitting[0]}; this is ${type}.`,
  )
}
