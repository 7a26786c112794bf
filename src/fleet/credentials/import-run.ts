/** One file on its way in: goes through the rows a step at a time, and gathers what to write and what is wrong. */
import { sealContext } from './rules.ts'
import { ImportJudge, type ImportFile, type ImportPorts, type ImportRow } from './import.ts'
import type { CredentialsOp } from './store.ts'
import type { Credential, CredentialId, ImportReport, RowProblem, Sealer } from './types.ts'
import type { Instant } from '../../base/time.ts'

/** Problems told; more would not be read. */
const problemsLimit = 100

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

export interface ImportRunOptions {
  readonly ports: ImportPorts
  readonly sealer: Sealer
  readonly firstId: CredentialId
  readonly now: Instant
  /** Nothing is sealed where nothing will be written. */
  readonly dryRun: boolean
}

export class ImportRun {
  readonly #file: ImportFile
  readonly #judge: ImportJudge
  readonly #options: ImportRunOptions
  readonly #counts: Mutable<Omit<ImportReport, 'problems' | 'committed'>> = {
    rows: 0,
    added: 0,
    updated: 0,
    unchanged: 0,
    skipped: 0,
    failed: 0,
  }
  readonly #problems: RowProblem[] = []
  #ops: CredentialsOp[] = []
  #nextId: CredentialId

  constructor(file: ImportFile, options: ImportRunOptions) {
    this.#file = file
    this.#options = options
    this.#judge = new ImportJudge(file, options.ports)
    this.#nextId = options.firstId
  }

  /** Goes through up to `limit` more rows; false once there are none left. */
  step(limit: number): boolean {
    const { records } = this.#file
    const end = Math.min(this.#counts.rows + limit, records.length)
    for (const record of records.slice(this.#counts.rows, end)) {
      const judgement = this.#judge.judge(record)
      switch (judgement.want) {
        case 'add':
          this.#counts.added++
          this.#put(this.#credentialOf(judgement.row))
          break
        case 'update':
          this.#counts.updated++
          this.#put(updated(judgement.known, judgement.row))
          break
        case 'nothing':
          this.#counts[judgement.because === 'revoked' ? 'skipped' : 'unchanged']++
          break
        case 'refuse':
          this.#counts.failed++
          if (this.#problems.length < problemsLimit) this.#problems.push(judgement.problem)
      }
    }
    this.#counts.rows = end
    return end < records.length
  }

  /** What was gathered since the last call. */
  takeOps(): readonly CredentialsOp[] {
    const ops = this.#ops
    this.#ops = []
    return ops
  }

  report(committed: boolean): ImportReport {
    return { ...this.#counts, problems: this.#problems, committed }
  }

  #put(credential: Credential): void {
    if (!this.#options.dryRun) this.#ops.push({ op: 'credential.put', credential })
  }

  #credentialOf(row: ImportRow): Credential {
    const { endpoint, identity, key, keyFingerprint, product, tags, purpose } = row
    const { dryRun, sealer, now } = this.#options
    return {
      id: this.#nextId++,
      endpoint,
      kind: 'psk',
      ...(purpose === undefined ? {} : { purpose }),
      identity,
      ...(dryRun ? {} : { sealedKey: sealer.seal(key, sealContext(row)) }),
      keyFingerprint,
      ...(product === undefined ? {} : { product }),
      tags,
      state: 'active',
      createdAt: now,
    }
  }
}

function updated(known: Credential, { product, tags }: ImportRow): Credential {
  const { product: _, ...rest } = known
  return { ...rest, ...(product === undefined ? {} : { product }), tags }
}
