/**
 * Notification attributes (LwM2M Core 1.1 §7.3): what Write-Attributes may set, how paths inherit them,
 * and whether a value is now worth a notification. Pure; the observations use it.
 */
import { between, seconds, type Instant } from '../base/time.ts'
import { pathText, type Leaf } from './payload/leaf.ts'

const names = ['pmin', 'pmax', 'gt', 'lt', 'st', 'epmin', 'epmax'] as const
type AttributeName = (typeof names)[number]

/** Periods in seconds, thresholds in the unit of the resource. */
export type Attributes = Partial<Readonly<Record<AttributeName, number>>>

/** At most this many paths carry attributes; a further one is refused. */
const pathLimit = 32

export class AttributeStore {
  readonly #byPath = new Map<string, Attributes>()

  /** Takes the queries of a Write-Attributes; false where they make no sense or too many paths have some (4.00). */
  write(path: readonly number[], queries: readonly string[]): boolean {
    const key = pathText(path)
    const changed: Partial<Record<AttributeName, number>> = { ...this.#byPath.get(key) }
    for (const query of queries) {
      const [name, value] = query.split('=', 2)
      if (!isAttributeName(name)) return false
      if (value === undefined || value === '') delete changed[name]
      else if (!/^-?\d+(\.\d+)?$/.test(value)) return false
      else changed[name] = Number(value)
    }
    if (!consistent(changed)) return false
    if (!this.#byPath.has(key) && this.#byPath.size >= pathLimit) return false
    this.#byPath.set(key, changed)
    return true
  }

  /** What was written to exactly this path, as link attributes for Discover: ";pmin=10;pmax=60". */
  linkAttributes(path: readonly number[]): string {
    const own = this.#byPath.get(pathText(path)) ?? {}
    return names.map((name) => (own[name] === undefined ? '' : `;${name}=${own[name]}`)).join('')
  }

  /** What holds for `path`: its own attributes over its instance's over its object's over `defaults`. */
  effective(path: readonly number[], defaults: Attributes): Attributes {
    let attributes = defaults
    for (let length = 1; length <= path.length; length++) {
      attributes = { ...attributes, ...this.#byPath.get(pathText(path.slice(0, length))) }
    }
    return attributes
  }
}

function isAttributeName(text: string | undefined): text is AttributeName {
  return (names as readonly (string | undefined)[]).includes(text)
}

/** LwM2M Core 1.1 §7.3.2: the combinations a client refuses. */
function consistent({ pmin = 0, pmax = 0, gt, lt, st = 0 }: Attributes): boolean {
  if (pmin < 0 || pmax < 0 || st < 0) return false
  if (pmax !== 0 && pmax < pmin) return false
  return gt === undefined || lt === undefined || lt + 2 * st < gt
}

export interface Notified {
  readonly at: Instant
  readonly leaves: readonly Leaf[]
}

/** Whether `current` is to be notified now, `last` being what was notified before. */
export function notificationDue(
  attributes: Attributes,
  last: Notified,
  current: readonly Leaf[],
  now: Instant,
): boolean {
  const elapsed = between(last.at, now)
  const { pmin = 0, pmax = 0 } = attributes
  if (pmax > 0 && elapsed >= seconds(pmax)) return true
  if (elapsed < seconds(pmin) || !differs(last.leaves, current)) return false
  const before = soleNumber(last.leaves)
  const after = soleNumber(current)
  if (before === undefined || after === undefined) return true
  return passesThreshold(attributes, before, after)
}

function passesThreshold({ gt, lt, st }: Attributes, before: number, after: number): boolean {
  if (gt === undefined && lt === undefined && st === undefined) return true
  if (gt !== undefined && before > gt !== after > gt) return true
  if (lt !== undefined && before < lt !== after < lt) return true
  return st !== undefined && Math.abs(after - before) >= st
}

/** A clock that ticks is no news; anything else that changed is. */
function differs(before: readonly Leaf[], after: readonly Leaf[]): boolean {
  const textOf = (leaves: readonly Leaf[]): string =>
    JSON.stringify(
      leaves.filter((leaf) => leaf.type !== 'time').map((leaf) => [leaf.path, leaf.type, String(leaf.value)]),
    )
  return textOf(before) !== textOf(after)
}

function soleNumber(leaves: readonly Leaf[]): number | undefined {
  const value = leaves.length === 1 ? leaves[0]?.value : undefined
  return typeof value === 'number' ? value : undefined
}
