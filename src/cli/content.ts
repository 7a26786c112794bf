/** What devices said, for people: names and units as the model has them, paths where there are several. */
import type { ContentJson, LinkJson, NotificationJson, SampleJson, ValueJson } from '../api/contract/content.ts'
import type { OperationJson } from '../api/contract/operation.ts'
import type { Listing } from './output.ts'
import { counted, printable } from './style.ts'
import type { Column } from './table.ts'

/** Leaf of a content tree: one value. */
export interface Leaf {
  readonly path: string
  readonly name?: string | undefined
  readonly unit?: string | undefined
  readonly value: ValueJson
}

export function isContent(result: unknown): result is ContentJson {
  return isObject(result) && typeof result['path'] === 'string' && contentMembers.some((member) => member in result)
}

const contentMembers = ['value', 'values', 'resources', 'instances', 'objects'] as const

export function isLinks(result: unknown): result is readonly LinkJson[] {
  return Array.isArray(result) && result.every((link) => isObject(link) && 'path' in link && 'attributes' in link)
}

export function isNotification(detail: unknown): detail is NotificationJson {
  return isObject(detail) && typeof detail['path'] === 'string'
}

/** The values of a tree, in the order of the data model. */
export function leavesOf(content: ContentJson): Leaf[] {
  const { path, name, unit, value, values } = content
  if (value !== undefined) return [{ path, name, unit, value }]
  if (values !== undefined) {
    return Object.entries(values).map(([id, one]) => ({ path: `${path}/${id}`, name, unit, value: one }))
  }
  const inner = content.resources ?? content.instances ?? content.objects ?? {}
  return Object.values(inner).flatMap(leavesOf)
}

const path: Column<Leaf> = { title: 'PATH', text: (leaf) => leaf.path, style: () => 'dim' }
const name: Column<Leaf> = { title: 'NAME', text: (leaf) => leaf.name ?? '' }
const value: Column<Leaf> = { title: 'VALUE', text: (leaf) => String(leaf.value) }
const unit: Column<Leaf> = { title: 'UNIT', text: (leaf) => leaf.unit ?? '' }
/** Together for people; for programs they are two columns. */
const valueAndUnit: Column<Leaf> = { title: 'VALUE', text: valueText, flexible: true, style: () => 'bold' }

/** One value is `Battery Level  97 %`, several are a table with paths. */
export function contentListing(content: ContentJson, forPeople: boolean): Listing<Leaf> {
  const rows = leavesOf(content)
  const isSingle = content.value !== undefined
  return {
    rows,
    columns: forPeople ? [...(isSingle ? [] : [path]), name, valueAndUnit] : [path, name, value, unit],
    name: (leaf) => leaf.path,
    empty: `${content.path} is empty`,
    whole: content,
    bare: true,
  }
}

export function linksListing(links: readonly LinkJson[]): Listing<LinkJson> {
  return {
    rows: links,
    columns: [
      { title: 'PATH', text: (link) => link.path },
      { title: 'NAME', text: (link) => link.name ?? '' },
      { title: 'ATTRIBUTES', text: attributesText, flexible: true, style: () => 'dim' },
    ],
    name: (link) => link.path,
    empty: 'there is nothing there',
  }
}

/** All on one line: `Battery Level 97 %, Timezone Europe/Berlin`. */
export function leavesLine(leaves: readonly Leaf[]): string {
  return leaves.map((leaf) => printable(`${leaf.name ?? leaf.path} ${valueText(leaf)}`)).join(', ')
}

/** Where there are more than a glance takes in, how many. */
export function shortLine(leaves: readonly Leaf[]): string {
  return leaves.length > glance ? counted(leaves.length, 'value') : leavesLine(leaves)
}

const glance = 3

export function samplesLine(samples: readonly SampleJson[]): string {
  return samples
    .map((sample) => leavesLine([sample]) + (sample.at === undefined ? '' : ` (at ${printable(sample.at)})`))
    .join(', ')
}

function valueText(leaf: Leaf): string {
  return leaf.unit === undefined ? String(leaf.value) : `${String(leaf.value)} ${leaf.unit}`
}

function attributesText({ attributes }: LinkJson): string {
  return Object.entries(attributes)
    .map(([attribute, set]) => (set === '' ? attribute : `${attribute}=${set}`))
    .join(' ')
}

/** `pmin=10 pmax=60`. */
export function attributeList(wanted: Readonly<Record<string, number | null | undefined>>): string {
  return Object.entries(wanted)
    .map(([name, value]) => `${name}=${value ?? ''}`)
    .join(' ')
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Why it waits or failed, or what it brought. */
export function outcomeText({ state, code, reason, detail, result, notBefore }: OperationJson): string {
  if (state !== 'acknowledged') {
    const again = notBefore === undefined ? undefined : `asked again at ${notBefore}`
    return [reason, detail ?? code, again].filter((part) => part !== undefined).join(': ')
  }
  if (detail !== undefined) return detail
  if (isContent(result)) return shortLine(leavesOf(result))
  if (isLinks(result)) return counted(result.length, 'path')
  return code ?? ''
}
