/**
 * Object definitions from OMA DDF XML text, and what is wrong with a file that holds none. Takes text;
 * reads no file. Unknown elements are skipped, as registered definitions carry many.
 */
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import type { ValueType } from '../value.ts'
import { reservedId } from '../path.ts'
import { limitsOf, type ObjectDefinition, type Operations, type ResourceDefinition } from './definition.ts'

export interface DdfProblem {
  /** An error keeps the object from being used; a warning does not. */
  readonly severity: 'error' | 'warning'
  /** `file`, `object 3`, `object 3 resource 14`. */
  readonly where: string
  /** Where it stands, from 1; absent for the file as a whole. */
  readonly line?: number
  readonly message: string
}

export interface DdfResult {
  /** Objects without an error, in the order of the file. */
  readonly definitions: readonly ObjectDefinition[]
  readonly problems: readonly DdfProblem[]
}

/** Larger files are refused unread, octets. */
export const ddfSizeLimit = 4 * 1024 * 1024
/** Resources of one object beyond which a file is refused. */
export const ddfResourceLimit = 4096

type Element = Readonly<Record<string, unknown>>

/** One complaint about what is being read. */
type Complain = (severity: DdfProblem['severity'], message: string) => void

/** The problems found so far in a text, and how places in it become lines. */
class Findings {
  readonly problems: DdfProblem[] = []
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  /** Complains about `element`, whose line is known by where it begins. */
  about(where: string, element: Element): Complain {
    const at = (element as { readonly [metaData]?: { readonly startIndex?: number } })[metaData]?.startIndex
    return (severity, message) => {
      const line = at === undefined ? {} : { line: this.#text.slice(0, at).split('\n').length }
      this.problems.push({ severity, where, message, ...line })
    }
  }

  ofFile(message: string, line?: number): void {
    this.problems.push({ severity: 'error', where: 'file', message, ...(line === undefined ? {} : { line }) })
  }

  get errors(): number {
    return this.problems.filter(({ severity }) => severity === 'error').length
  }
}

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: true,
  isArray: (name) => name === 'Item' || name === 'Object',
  captureMetaData: true,
})
/** Under it the parser keeps where an element begins. */
const metaData: unique symbol = XMLParser.getMetaDataSymbol() as never

/** Total on any text: problems come back, nothing is thrown. */
export function parseDdf(text: string): DdfResult {
  const findings = new Findings(text)
  const { problems } = findings
  const root = parseXml(text, findings)
  if (root === undefined) return { definitions: [], problems }
  const lwm2m = root['LWM2M']
  const objects = isElement(lwm2m) ? listOf(lwm2m['Object']) : []
  if (objects.length === 0) {
    findings.ofFile('there is no <LWM2M><Object> in it')
  }
  const definitions: ObjectDefinition[] = []
  for (const object of objects) {
    const errorsBefore = findings.errors
    const definition = objectOf(object, findings)
    if (definition !== undefined && findings.errors === errorsBefore) definitions.push(definition)
  }
  return { definitions, problems }
}

function parseXml(text: string, findings: Findings): Element | undefined {
  if (text.length > ddfSizeLimit) {
    findings.ofFile(`it is larger than ${ddfSizeLimit} characters`)
    return undefined
  }
  try {
    const verdict = XMLValidator.validate(text)
    if (verdict !== true) {
      findings.ofFile(verdict.err.msg, verdict.err.line)
      return undefined
    }
    const root: unknown = parser.parse(text)
    if (isElement(root)) return root
    findings.ofFile('it is no XML document')
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    findings.ofFile(message)
  }
  return undefined
}

function objectOf(object: Element, findings: Findings): ObjectDefinition | undefined {
  const idText = textIn(object, 'ObjectID')
  const id = idOf(idText)
  const where = `object ${idText === '' ? '?' : idText}`
  const complain = findings.about(where, object)
  if (id === undefined) complain('error', 'ObjectID must be a number from 0 to 65534')
  const name = textIn(object, 'Name')
  if (name === '') complain('error', 'Name is missing')
  const version = textIn(object, 'ObjectVersion') || '1.0'
  if (!/^\d{1,3}\.\d{1,3}$/.test(version)) complain('error', `ObjectVersion '${version}' is not major.minor`)
  const urn = textIn(object, 'ObjectURN')
  if (urn === '') complain('warning', 'ObjectURN is missing')
  const resourcesElement = object['Resources']
  const items = isElement(resourcesElement) ? listOf(resourcesElement['Item']) : []
  if (items.length === 0) complain('warning', 'it has no resources')
  if (items.length > ddfResourceLimit) complain('error', `it has more than ${ddfResourceLimit} resources`)
  const resources = new Map<number, ResourceDefinition>()
  for (const item of items.slice(0, ddfResourceLimit)) {
    const resource = resourceOf(item, where, findings)
    if (resource === undefined) continue
    if (resources.has(resource.id)) complain('error', `resource ${resource.id} is there twice`)
    resources.set(resource.id, resource)
  }
  if (id === undefined) return undefined
  return {
    id,
    name,
    version,
    lwm2mVersion: textIn(object, 'LWM2MVersion') || '1.0',
    urn,
    multiple: choiceIn(object, 'MultipleInstances', 'Multiple', 'Single', complain),
    mandatory: choiceIn(object, 'Mandatory', 'Mandatory', 'Optional', complain),
    description: textIn(object, 'Description1'),
    resources,
  }
}

const types: Readonly<Record<string, ValueType | 'none'>> = {
  '': 'none',
  none: 'none',
  string: 'string',
  integer: 'integer',
  'unsigned integer': 'unsigned',
  float: 'float',
  boolean: 'boolean',
  opaque: 'opaque',
  time: 'time',
  objlnk: 'objlnk',
  corelnk: 'corelnk',
}

const operationsByText: Readonly<Record<string, Operations>> = { '': '', R: 'R', W: 'W', RW: 'RW', WR: 'RW', E: 'E' }

function resourceOf(item: Element, object: string, findings: Findings): ResourceDefinition | undefined {
  const idText = attributeIn(item, 'ID')
  const id = idOf(idText)
  const complain = findings.about(`${object} resource ${idText === '' ? '?' : idText}`, item)
  if (id === undefined) complain('error', 'ID must be a number from 0 to 65534')
  const name = textIn(item, 'Name')
  if (name === '') complain('error', 'Name is missing')
  const operations = operationsByText[textIn(item, 'Operations').toUpperCase().replaceAll(/[\s,]/g, '')]
  if (operations === undefined)
    complain('error', `Operations '${textIn(item, 'Operations')}' is not R, W, RW, E or empty`)
  const type = types[textIn(item, 'Type').toLowerCase()]
  if (type === undefined) complain('error', `Type '${textIn(item, 'Type')}' is no LwM2M type`)
  if (type === 'none' && operations !== 'E') complain('warning', 'Type is missing; values will be kept raw')
  const range = textIn(item, 'RangeEnumeration')
  if (id === undefined || operations === undefined || type === undefined) return undefined
  return {
    id,
    name,
    operations,
    multiple: choiceIn(item, 'MultipleInstances', 'Multiple', 'Single', complain),
    mandatory: choiceIn(item, 'Mandatory', 'Mandatory', 'Optional', complain),
    type,
    range,
    limits: limitsOf(type, range),
    unit: textIn(item, 'Units'),
    description: textIn(item, 'Description'),
  }
}

function choiceIn(element: Element, name: string, yes: string, no: string, complain: Complain): boolean {
  const text = textIn(element, name).toLowerCase()
  if (text === yes.toLowerCase()) return true
  if (text !== no.toLowerCase()) complain('warning', `${name} is '${text}', neither ${yes} nor ${no}; ${no} is taken`)
  return false
}

function idOf(text: string): number | undefined {
  const id = /^\d{1,5}$/.test(text) ? Number(text) : reservedId
  return id < reservedId ? id : undefined
}

function isElement(value: unknown): value is Element {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function listOf(value: unknown): readonly Element[] {
  return Array.isArray(value) ? value.filter(isElement) : []
}

function textIn(element: Element, name: string): string {
  const value = element[name]
  if (typeof value === 'string') return value.trim()
  const inner = isElement(value) ? value['#text'] : undefined
  return typeof inner === 'string' ? inner.trim() : ''
}

function attributeIn(element: Element, name: string): string {
  const value = element[`@${name}`]
  return typeof value === 'string' ? value.trim() : ''
}
