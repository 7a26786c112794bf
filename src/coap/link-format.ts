/**
 * CoRE Link Format (RFC 6690) of what we offer: written, and filtered by a query. Knows no resource; lists of devices
 * are read by `lwm2m/link`.
 */
export interface LinkAttribute {
  readonly name: string
  /** Undefined where the attribute is a mere flag (`obs`). */
  readonly value: string | undefined
}

export interface Link {
  /** What stands between the angle brackets, as it stands there. */
  readonly target: string
  readonly attributes: readonly LinkAttribute[]
}

/** RFC 6690 §2; numbers stand bare, everything else is quoted. */
export function serializeLinks(links: readonly Link[]): string {
  return links.map(({ target, attributes }) => `<${target}>${attributes.map(serializeAttribute).join('')}`).join(',')
}

function serializeAttribute({ name, value }: LinkAttribute): string {
  if (value === undefined) return `;${name}`
  return /^[0-9]+(?:\.[0-9]+)?$/.test(value) ? `;${name}=${value}` : `;${name}="${value.replaceAll(/[\\"]/g, '\\$&')}"`
}

/** Attributes whose value is a list of words, any of which may match (RFC 6690 §4.1). */
const lists = new Set(['rt', 'if', 'rel', 'rev', 'ct'])

/**
 * The links that match every argument of a query: `rt=light`, `href=/sensors*`, `obs` (RFC 6690 §4.1). A
 * trailing `*` means "begins with".
 */
export function filterLinks(links: readonly Link[], query: readonly string[]): readonly Link[] {
  return query.length === 0 ? links : links.filter((link) => query.every((argument) => matches(link, argument)))
}

function matches(link: Link, argument: string): boolean {
  const equals = argument.indexOf('=')
  const name = equals < 0 ? argument : argument.slice(0, equals)
  const values = name === 'href' ? [link.target] : valuesOf(link, name)
  if (equals < 0) return values.length > 0
  const wanted = argument.slice(equals + 1)
  if (!wanted.endsWith('*')) return values.includes(wanted)
  const prefix = wanted.slice(0, -1)
  return values.some((value) => value.startsWith(prefix))
}

function valuesOf(link: Link, name: string): readonly string[] {
  const found = link.attributes.filter((attribute) => attribute.name === name).map(({ value }) => value ?? '')
  return lists.has(name) ? found.flatMap((value) => value.split(' ')) : found
}
