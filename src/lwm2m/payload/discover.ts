/**
 * The answer to Discover, and to Bootstrap-Discover (LwM2M Core 1.2 §§6.3, 6.1.7.3): paths with their
 * attributes, read from link format and written to it.
 */
import { textOf, utf8, type Bytes } from '../../base/bytes.ts'
import { isFault, type Fault } from '../../base/fault.ts'
import { formatLinks, parseLinks, type Link } from '../link.ts'
import { comparePaths, formatPath, parsePath, type Path } from '../path.ts'
import { QuirkSet, type QuirkName } from '../quirks.ts'

export interface DiscoveredPath {
  readonly path: Path
  /** As sent, unquoted: dim, ver, ssid, uri, pmin, pmax, gt, lt, st … */
  readonly attributes: Readonly<Record<string, string>>
}

export interface Discovered {
  /** In the order of the data model. */
  readonly paths: readonly DiscoveredPath[]
  /** Enabler version a bootstrap client names on `</>` (lwm2m=). */
  readonly enabler?: string
  readonly quirks: readonly QuirkName[]
}

/** `lwm2m="1.0",</0/0>`: clients of 1.0 and early 1.1 name their version before any link (wakaama, Zephyr). */
const bareEnabler = /^\s*lwm2m\s*=\s*"?(\d[\d.]*)"?\s*(?:,|$)/

/** Links that are no paths are dropped with a quirk; `root` is the device's alternate root. */
export function decodeDiscover(bytes: Bytes, root: readonly string[] = []): Discovered | Fault {
  const quirks = new QuirkSet()
  let text = textOf(bytes)
  if (text === undefined) {
    quirks.add('links.not-utf8')
    text = new TextDecoder().decode(bytes)
  }
  const paths: DiscoveredPath[] = []
  let enabler = bareEnabler.exec(text)?.[1]
  if (enabler !== undefined) quirks.add('links.enabler-bare')
  const links = parseLinks(text.replace(bareEnabler, ''), quirks)
  if (isFault(links)) return links
  for (const link of links) {
    const path = pathOf(link, root, quirks)
    if (path === undefined) continue
    if (path.length === 0) enabler = link.attributes.get('lwm2m') ?? enabler
    else paths.push({ path, attributes: Object.fromEntries(link.attributes) })
  }
  paths.sort((a, b) => comparePaths(a.path, b.path))
  return { paths, ...(enabler !== undefined && { enabler }), quirks: quirks.list() }
}

function pathOf(link: Link, root: readonly string[], quirks: QuirkSet): Path | undefined {
  if (!link.target.startsWith('/')) quirks.add('links.relative')
  const segments = link.target.split('/').filter((segment) => segment !== '')
  const isBelowRoot = root.length > 0 && root.every((segment, index) => segments[index] === segment)
  const path = parsePath((isBelowRoot ? segments.slice(root.length) : segments).join('/'))
  if (!isFault(path)) return path
  quirks.add('links.unknown-target')
  return undefined
}

export function encodeDiscover(paths: readonly DiscoveredPath[]): Bytes {
  const links = paths.map(({ path, attributes }) => ({
    target: formatPath(path),
    attributes: new Map(Object.entries(attributes)),
  }))
  return utf8(formatLinks(links))
}
