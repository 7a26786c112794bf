/**
 * A factory's file of pre-shared keys, row by row: endpoint, identity, key in hex, product, tags. Decides what each
 * row asks for against what is known and the rows before it; a row that was taken once is never a problem again.
 */
import { hexOf, type Bytes } from '../../base/bytes.ts'
import { UsageError } from '../../base/errors.ts'
import type { EndpointName } from '../registry/types.ts'
import { csvRecords, tagsOf, type CsvRecord } from './csv.ts'
import { identityOf, keyOf, purposeOf, purposePart } from './rules.ts'
import type { CredentialsStore } from './store.ts'
import type { Credential, CredentialPurpose, RowProblem } from './types.ts'

const columns = ['endpoint', 'identity', 'key', 'product', 'tags', 'purpose'] as const
type ColumnName = (typeof columns)[number]
/** As factories call them. */
const otherTitles: Readonly<Record<string, ColumnName>> = {
  ep: 'endpoint',
  name: 'endpoint',
  'psk-identity': 'identity',
  psk_identity: 'identity',
  psk: 'key',
  for: 'purpose',
  'key hex': 'key',
  key_hex: 'key',
  keyhex: 'key',
  sku: 'product',
}

/** Rows of a file, not yet looked at. */
export interface ImportFile {
  readonly records: readonly CsvRecord[]
  readonly columns: readonly (ColumnName | undefined)[]
}

/** What a row says, checked by itself. */
export interface ImportRow {
  readonly endpoint: EndpointName
  readonly identity: Bytes
  readonly key: Bytes
  readonly keyFingerprint: string
  readonly product?: string
  readonly tags: Readonly<Record<string, string>>
  readonly purpose?: 'bootstrap'
}

export type Judgement =
  | { readonly want: 'add'; readonly row: ImportRow }
  | { readonly want: 'update'; readonly known: Credential; readonly row: ImportRow }
  | { readonly want: 'nothing'; readonly because: 'unchanged' | 'revoked' }
  | { readonly want: 'refuse'; readonly problem: RowProblem }

/**
 * A first line of titles may be left out where the columns come in this order; others are then ignored. Throws
 * UsageError 'credentials.csv' (422).
 */
export function importFileOf(text: string): ImportFile {
  const records = csvRecords(text)
  if (typeof records === 'number') throw badFile(`line ${records} begins a quote that never ends`)
  const [first] = records
  if (first === undefined) throw badFile('the file has no rows')
  const titles = first.cells.map(titleOf)
  if (!titles.includes('endpoint')) return { records, columns }
  if (!titles.includes('key')) throw badFile("the line of titles has no 'key'")
  if (columns.some((name) => titles.indexOf(name) !== titles.lastIndexOf(name))) {
    throw badFile('the line of titles names a column twice')
  }
  return { records: records.slice(1), columns: titles }
}

export interface ImportPorts {
  readonly store: Pick<CredentialsStore, 'credentialByIdentity' | 'credentialByKey' | 'credentialsOfEndpoint'>
  readonly fingerprint: (key: Bytes) => string
  /** Throws UsageError where no device could be that. */
  readonly validateDevice: (
    endpoint: EndpointName,
    about: { product?: string; tags: Readonly<Record<string, string>> },
  ) => void
}

/** Judges the rows of one file, in their order. */
export class ImportJudge {
  readonly #file: ImportFile
  readonly #ports: ImportPorts
  readonly #byIdentity = new Map<string, ImportRow>()
  readonly #byKey = new Map<string, Pick<ImportRow, 'endpoint' | 'purpose'>>()
  /** With the purpose before each. */
  readonly #endpoints = new Set<string>()

  constructor(file: ImportFile, ports: ImportPorts) {
    this.#file = file
    this.#ports = ports
  }

  judge(record: CsvRecord): Judgement {
    const endpoint = this.#cell(record, 'endpoint')
    try {
      return this.#judged(this.#rowOf(record, endpoint))
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
      const { code, message } = error
      const problem = { line: record.line, code, message, ...(endpoint === '' ? {} : { endpoint }) }
      return { want: 'refuse', problem }
    }
  }

  #rowOf(record: CsvRecord, endpoint: string): ImportRow {
    const { columns: titles } = this.#file
    if (record.cells.length > titles.length && record.cells.slice(titles.length).some((cell) => cell !== '')) {
      throw new UsageError('credentials.csv', `the row has ${record.cells.length} cells, not ${titles.length}`)
    }
    const product = this.#cell(record, 'product')
    const tags = tagsOf(this.#cell(record, 'tags'))
    if (tags === undefined) throw new UsageError('device.tags', 'tags are written name=value;name=value')
    const about = { tags, ...(product === '' ? {} : { product }) }
    this.#ports.validateDevice(endpoint, about)
    const identity = identityOf('psk', this.#cell(record, 'identity') || endpoint)
    const hex = this.#cell(record, 'key')
    if (hex === '') throw new UsageError('credential.key', 'the row has no key')
    const key = keyOf(hex, endpoint, identity)
    const purpose = purposePart(purposeNamed(this.#cell(record, 'purpose')))
    return { endpoint, identity, key, keyFingerprint: this.#ports.fingerprint(key), ...about, ...purpose }
  }

  #judged(row: ImportRow): Judgement {
    const { endpoint, identity, keyFingerprint } = row
    const name = nameOf(row, hexOf(identity))
    const isSame = (other: { readonly endpoint: EndpointName; readonly keyFingerprint?: string }): boolean =>
      other.endpoint === endpoint && other.keyFingerprint === keyFingerprint
    const before = this.#byIdentity.get(name)
    if (before !== undefined) {
      if (isSame(before)) return { want: 'nothing', because: 'unchanged' }
      throw taken('credential.identity-taken', 'a row before has this identity, for another endpoint or key')
    }
    const known = this.#ports.store.credentialByIdentity('psk', identity, purposeOf(row))
    const judgement = known === undefined ? undefined : judgeKnown(known, row, isSame(known))
    if (judgement === undefined) this.#checkFree(row)
    this.#byIdentity.set(name, row)
    this.#byKey.set(keyFingerprint, row)
    // A revoked one leaves its endpoint to a row below.
    if (known?.state !== 'revoked' || judgement === undefined) this.#endpoints.add(nameOf(row, endpoint))
    return judgement ?? { want: 'add', row }
  }

  #checkFree(row: ImportRow): void {
    const { endpoint, keyFingerprint } = row
    const { store } = this.#ports
    if (this.#endpoints.has(nameOf(row, endpoint)))
      throw taken('credential.endpoint-taken', 'a row before is for this endpoint')
    const rival = store
      .credentialsOfEndpoint(endpoint, 10)
      .find((other) => other.state === 'active' && purposeOf(other) === purposeOf(row))
    if (rival !== undefined) throw endpointTaken(endpoint, rival)
    const owner = this.#byKey.get(keyFingerprint) ?? store.credentialByKey(keyFingerprint)
    if (owner !== undefined && (owner.endpoint !== endpoint || purposeOf(owner) !== purposeOf(row))) {
      throw keyShared(owner.endpoint)
    }
  }

  #cell({ cells }: CsvRecord, name: ColumnName): string {
    return cells[this.#file.columns.indexOf(name)] ?? ''
  }
}

/** Undefined where the identity is free again. */
function judgeKnown(known: Credential, row: ImportRow, isSame: boolean): Judgement | undefined {
  if (known.state === 'revoked') return isSame ? { want: 'nothing', because: 'revoked' } : undefined
  if (!isSame) {
    throw taken(
      'credential.identity-taken',
      known.endpoint === row.endpoint
        ? 'the identity is known with another key: rotate it instead'
        : `the identity is that of ${known.endpoint}`,
    )
  }
  const isChanged = known.product !== row.product || !sameTags(known.tags, row.tags)
  return isChanged ? { want: 'update', known, row } : { want: 'nothing', because: 'unchanged' }
}

export function endpointTaken(endpoint: EndpointName, { id }: Credential): UsageError {
  return new UsageError('credential.endpoint-taken', `${endpoint} has a credential already, number ${id}`, {
    status: 409,
    hint: 'rotate that one, or revoke it first',
  })
}

export function keyShared(owner: EndpointName): UsageError {
  return new UsageError(
    'credential.key-shared',
    `the key is that of ${owner}: each device has a key of its own, and another one for bootstrapping`,
    {
      status: 409,
    },
  )
}

export function taken(code: 'credential.identity-taken' | 'credential.endpoint-taken', message: string): UsageError {
  return new UsageError(code, message, { status: 409 })
}

function nameOf(row: Pick<ImportRow, 'purpose'>, text: string): string {
  return `${purposeOf(row)} ${text}`
}

/** What the cell says; nothing is management. */
function purposeNamed(cell: string): CredentialPurpose {
  const purpose = cell.toLowerCase() || 'management'
  if (purpose === 'management' || purpose === 'bootstrap') return purpose
  throw new UsageError('credentials.csv', `a purpose is management or bootstrap, not '${cell}'`)
}

function sameTags(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name])
}

function titleOf(cell: string): ColumnName | undefined {
  const title = cell.trim().toLowerCase()
  return columns.find((name) => name === title) ?? otherTitles[title]
}

function badFile(message: string): UsageError {
  return new UsageError('credentials.csv', message, {
    status: 422,
    hint: 'columns: endpoint, identity, key (hex), product, tags (name=value;name=value), purpose (management or bootstrap)',
  })
}
