/**
 * Credentials: for handshakes a lookup without waiting, for operators adding, importing, rotating and revoking.
 * Changes are made one after the other and are durable when they resolve; knows neither the cipher that seals
 * keys nor the protocol that asks for them.
 */
import { utf8, type Bytes } from '../../base/bytes.ts'
import { UsageError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { Random } from '../../base/random.ts'
import { after, milliseconds, type Instant } from '../../base/time.ts'
import type { Settings } from '../../config/tunables.ts'
import type { EventDraft } from '../events/types.ts'
import type { EndpointName } from '../registry/types.ts'
import { eventOf } from './events.ts'
import { importFileOf, type ImportPorts } from './import.ts'
import { ImportRun } from './import-run.ts'
import { Issuer, newKeyOctets, type Issued } from './issuer.ts'
import { keyProblem } from './key-rules.ts'
import { credentialsPerEndpoint, CredentialLookup } from './lookup.ts'
import { provisionKey, type ProvisionedKey } from './provision.ts'
import { planRotation, revoked } from './rotation.ts'
import { identityText, isAccepted, provenBy, purposeOf, sealContext } from './rules.ts'
import type { CredentialsOp, CredentialsStore } from './store.ts'
import type {
  Credential,
  CredentialDraft,
  CredentialFilter,
  CredentialFound,
  CredentialId,
  CredentialPurpose,
  CredentialQuestion,
  CredentialStanding,
  CredentialSummary,
  ImportReport,
  ProvenIdentity,
  Sealer,
} from './types.ts'
import { changesOf } from './use-ops.ts'
import { Uses } from './uses.ts'

/** Rows of a file, or credentials, dealt with before others have their turn. */
const stepRows = 200

export interface CredentialsParts {
  readonly store: CredentialsStore
  readonly commands: {
    /** Durable when it returns or resolves; throws EnvironmentError. */
    commitNow(ops: readonly CredentialsOp[], events?: readonly EventDraft[]): void | Promise<void>
  }
  readonly sealer: Sealer
  readonly random: Random
  readonly now: () => Instant
  readonly settings: Pick<Settings, 'credentials.grace'>
  readonly validateDevice: ImportPorts['validateDevice']
  /** The identity is accepted no longer: what it has open is to be closed. */
  readonly onRevoked: (identity: ProvenIdentity, purpose: CredentialPurpose) => void
  /** Lets others have their turn during long work. */
  readonly pause: () => Promise<void>
  readonly log: Log
}

/** A credential that was just made. */
export interface NewCredential {
  readonly credential: CredentialSummary
  /** Hex; only of a key we made, and never told again. */
  readonly newKey?: string
}

export interface RotationWishes {
  readonly identity?: string
  readonly key?: string
  /** No overlap: everything else the endpoint has is revoked at once. */
  readonly immediately?: boolean
}

export class CredentialsService {
  readonly #parts: CredentialsParts
  readonly #store: CredentialsStore
  readonly #lookup: CredentialLookup
  readonly #issuer: Issuer
  readonly #uses = new Uses()
  #lastChange: Promise<unknown> = Promise.resolve()
  /** Changes begun and not done. */
  #changes = 0

  constructor(parts: CredentialsParts) {
    this.#parts = parts
    this.#store = parts.store
    this.#lookup = new CredentialLookup({ ...parts, decoyKey: parts.random.bytes(newKeyOctets) })
    this.#issuer = new Issuer({ ...parts, nextId: () => parts.store.lastCredentialId() + 1 })
  }

  // ——— for handshakes ———

  /** Reads the store and nothing else; whoever is not accepted is unknown. */
  lookup(question: CredentialQuestion, purpose: CredentialPurpose = 'management'): CredentialFound {
    return this.#lookup.find(question, this.#parts.now(), purpose)
  }

  /** What is accepted of the endpoint now: nothing else may speak for it, not even over an association from before. */
  acceptedOf(endpoint: EndpointName, purpose: CredentialPurpose = 'management'): readonly ProvenIdentity[] {
    const now = this.#parts.now()
    const accepted = this.#liveOf(endpoint, purpose).filter((credential) => isAccepted(credential, now))
    return accepted.flatMap((credential) => provenBy(credential) ?? [])
  }

  /** A handshake was completed; written down by `tend`. */
  used(identity: ProvenIdentity, purpose: CredentialPurpose = 'management'): void {
    this.#uses.note({ identity, purpose, at: this.#parts.now() })
  }

  /**
   * To be called about once a second: writes down who was used, begins graces and ends them. Rejects with
   * EnvironmentError; what was not written is tried again.
   */
  tend(): Promise<void> {
    return this.#alone(async () => {
      await this.#writeUses()
      await this.#revokeAll(this.#store.credentialsOver(this.#parts.now(), stepRows), 'grace over')
    })
  }

  // ——— for bootstrapping ———

  standingOf(endpoint: EndpointName): CredentialStanding {
    const now = this.#parts.now()
    const accepted = this.#liveOf(endpoint).filter((one) => isAccepted(one, now))
    const own = accepted.find((one) => purposeOf(one) === 'bootstrap') ?? accepted[0]
    return {
      known: own !== undefined,
      proven: accepted.some((one) => one.lastUsedAt !== undefined),
      bootstraps: accepted.some((one) => purposeOf(one) === 'bootstrap'),
      ...(own?.product !== undefined && { product: own.product }),
      tags: own?.tags ?? {},
    }
  }

  /** Why `key` cannot be one, for people; undefined where it can. */
  keyProblem(key: Bytes, name: string): string | undefined {
    return keyProblem(key, name, utf8(name))
  }

  /**
   * A key for a device that is being bootstrapped, to be committed before anything else is asked here. 'busy' while a
   * change is under way, which must not be overtaken; 'other-kind' where the endpoint has a certificate or public key.
   */
  provision(
    endpoint: EndpointName,
    about: { readonly product?: string; readonly tags: Readonly<Record<string, string>> },
  ): ProvisionedKey | 'busy' | 'other-kind' {
    if (this.#changes > 0) return 'busy'
    const ports = { issuer: this.#issuer, sealer: this.#parts.sealer }
    const live = this.#liveOf(endpoint, 'management').map((credential) => this.#asUsed(credential))
    return provisionKey(endpoint, about, live, this.#parts.now(), ports) ?? 'other-kind'
  }

  /** With its last use, also where that is not written down yet. */
  #asUsed(credential: Credential): Credential {
    const identity = provenBy(credential)
    const lastUsedAt = identity === undefined ? undefined : this.#uses.of(identity, purposeOf(credential))
    return lastUsedAt === undefined ? credential : { ...credential, lastUsedAt }
  }

  // ——— for operators ———

  /** In the order they were added, with ids above `after`. */
  list(filter: CredentialFilter, page: { after?: CredentialId; limit: number }): readonly CredentialSummary[] {
    return this.#store.credentials(filter, page.after ?? 0, page.limit).map((credential) => this.#summary(credential))
  }

  /** By endpoint name (its active one, that for management first, else its newest) or number. Throws UsageError 'credential.unknown' (404). */
  credential(reference: string): CredentialSummary {
    return this.#summary(this.#find(reference))
  }

  /**
   * Rejects with UsageError 'credential.identity', 'credential.key', 'credential.rule', 'device.endpoint',
   * 'device.product', 'device.tags' (422), 'credential.endpoint-taken', 'credential.identity-taken',
   * 'credential.key-shared', 'credential.rules-full' (409), or EnvironmentError.
   */
  add(draft: CredentialDraft): Promise<NewCredential> {
    return this.#alone(async () => {
      const { endpoint, product, tags = {} } = draft
      this.#parts.validateDevice(endpoint, { tags, ...(product === undefined ? {} : { product }) })
      const issued = this.#issuer.issue(draft, this.#parts.now())
      await this.#commit([issued.credential], 'credential.added', issued.credential)
      return this.#told(issued)
    })
  }

  /**
   * Gives an endpoint a new key, public key or certificate. The old one is accepted until the new one has been used
   * and the grace after that is over. Rejects as `add` does, and with 'credential.unknown' (404),
   * 'credential.not-active', 'credential.same-identity' (409).
   */
  rotate(reference: string, { immediately = false, ...wishes }: RotationWishes): Promise<NewCredential> {
    return this.#alone(async () => {
      const active = this.#find(reference)
      const { endpoint, kind } = active
      if (active.state !== 'active' || kind === 'certificate-name') {
        throw new UsageError('credential.not-active', `credential ${active.id} of ${endpoint} cannot be rotated`, {
          status: 409,
          hint: kind === 'certificate-name' ? 'add another one and revoke this' : 'only an active one can',
        })
      }
      const now = this.#parts.now()
      const issued = this.#issuer.succeed(active, wishes, !immediately, now)
      const { stepBack, replaces } = planRotation(active, this.#liveOf(endpoint, purposeOf(active)), !immediately, now)
      const credential = { ...issued.credential, replaces }
      await this.#commit([...stepBack, credential], 'credential.rotated', credential)
      for (const one of stepBack) if (one.state === 'revoked') this.#tellRevoked(one)
      return this.#told({ ...issued, credential })
    })
  }

  /**
   * By endpoint name all it has, by number that one; of a certificate-name also all it let in. Takes hold at once.
   * Rejects with UsageError 'credential.unknown' (404), 'credential.not-active' (409).
   */
  revoke(reference: string): Promise<readonly CredentialSummary[]> {
    return this.#alone(async () => {
      // Whoever a certificate name let in just now is among those it let in.
      await this.#writeUses()
      const live = this.#liveOf(reference)
      const found = live.length > 0 ? live : [this.#find(reference)]
      if (found.some(({ state }) => state === 'revoked')) {
        throw new UsageError('credential.not-active', `${reference} is revoked already`, { status: 409 })
      }
      const gone = [...(await this.#revokeAll(found, 'operator'))]
      for (const { id, kind } of found) if (kind === 'certificate-name') await this.#revokeAdmitted(id)
      return gone.map((credential) => this.#summary(credential))
    })
  }

  /**
   * Takes a file of keys (CSV). All of it or nothing, unless `partial`. Rejects with UsageError 'credentials.csv' (422:
   * no such file at all), 'credentials.rows' (422, with the report: some rows cannot be taken), or EnvironmentError.
   */
  import(text: string, { dryRun = false, partial = false }): Promise<ImportReport> {
    return this.#alone(async () => {
      const file = importFileOf(text)
      const { sealer, validateDevice, now, pause } = this.#parts
      const ports: ImportPorts = { store: this.#store, fingerprint: (key) => sealer.fingerprint(key), validateDevice }
      const firstId = this.#store.lastCredentialId() + 1
      const run = new ImportRun(file, { ports, sealer, firstId, now: now(), dryRun })
      for (let more = true; more;) {
        more = run.step(stepRows)
        if (partial && !dryRun) await this.#commitImport(run.takeOps())
        if (more) await pause()
      }
      const report = run.report(!dryRun && (partial || run.report(false).failed === 0))
      if (report.failed > 0 && !partial && !dryRun) throw refusedRows(report)
      if (report.committed && !partial) await this.#commitImport(run.takeOps())
      return report
    })
  }

  // ——— within ———

  /** One change after the other: what one checked, none before it is done can take away. */
  #alone<T>(change: () => Promise<T>): Promise<T> {
    this.#changes++
    const turn = this.#lastChange.then(change)
    this.#lastChange = turn.catch(() => undefined).then(() => void this.#changes--)
    return turn
  }

  async #writeUses(): Promise<void> {
    const { commands, now, settings, onRevoked } = this.#parts
    const graceEnd = after(now(), milliseconds(settings['credentials.grace']))
    const uses = this.#uses.take()
    try {
      const changes = changesOf(uses, this.#store, (names, purpose) => this.#lookup.admission(names, purpose), graceEnd)
      if (changes.ops.length > 0) await commands.commitNow(changes.ops, changes.events)
      for (const { identity, purpose } of changes.strangers) onRevoked(identity, purpose)
    } catch (error) {
      this.#uses.restore(uses)
      throw error
    }
  }

  async #commit(credentials: readonly Credential[], kind: EventDraft['kind'], about: Credential): Promise<void> {
    await this.#parts.commands.commitNow(credentials.map(putOp), [eventOf(kind, about, 'operator')])
  }

  async #commitImport(ops: readonly CredentialsOp[]): Promise<void> {
    if (ops.length === 0) return
    const detail = { credentials: ops.length }
    await this.#parts.commands.commitNow(ops, [{ kind: 'credential.imported', cause: 'operator', detail }])
  }

  async #revokeAll(credentials: readonly Credential[], cause: string): Promise<readonly Credential[]> {
    if (credentials.length === 0) return []
    const gone = credentials.map((credential) => revoked(credential, this.#parts.now()))
    const events = gone.map((credential) => eventOf('credential.revoked', credential, cause))
    await this.#parts.commands.commitNow(gone.map(putOp), events)
    for (const credential of gone) this.#tellRevoked(credential)
    return gone
  }

  /** A step at a time: a certificate-name may have let in a whole fleet. */
  async #revokeAdmitted(rule: CredentialId): Promise<void> {
    for (;;) {
      const admitted = this.#store.credentialsOfRule(rule, stepRows)
      if (admitted.length === 0) return
      await this.#revokeAll(admitted, `certificate name ${rule} revoked`)
      await this.#parts.pause()
    }
  }

  #tellRevoked(credential: Credential): void {
    const identity = provenBy(credential)
    if (identity !== undefined) this.#parts.onRevoked(identity, purposeOf(credential))
  }

  /** Of every purpose unless one is named. */
  #liveOf(endpoint: EndpointName, purpose?: CredentialPurpose): readonly Credential[] {
    const all = this.#store.credentialsOfEndpoint(endpoint, credentialsPerEndpoint)
    return all.filter((one) => one.state !== 'revoked' && (purpose === undefined || purposeOf(one) === purpose))
  }

  #find(reference: string): Credential {
    const ofEndpoint = this.#store.credentialsOfEndpoint(reference, credentialsPerEndpoint)
    const active = ofEndpoint.filter(({ state }) => state === 'active')
    const byName = active.find((one) => purposeOf(one) === 'management') ?? active[0] ?? ofEndpoint[0]
    const found = byName ?? (/^\d{1,15}$/.test(reference) ? this.#store.credential(Number(reference)) : undefined)
    if (found !== undefined) return found
    throw new UsageError('credential.unknown', `there is no credential of '${reference}'`, {
      status: 404,
      hint: "'coapstan credentials' lists them; one is named by its endpoint or its number",
    })
  }

  #told({ credential, ...rest }: Issued): NewCredential {
    return { credential: this.#summary(credential), ...rest }
  }

  #summary({ sealedKey, keyFingerprint, ...credential }: Credential): CredentialSummary {
    const summary = { ...credential, identity: identityText(credential.kind, credential.identity) }
    if (sealedKey === undefined || keyFingerprint === undefined) return summary
    const key = this.#parts.sealer.open(sealedKey, sealContext(credential))
    const masked = { fingerprint: keyFingerprint }
    if (key === undefined) return { ...summary, key: masked }
    const begins = key[0]!.toString(16).padStart(2, '0')
    return { ...summary, key: { begins, length: key.length, ...masked } }
  }
}

function putOp(credential: Credential): CredentialsOp {
  return { op: 'credential.put', credential }
}

function refusedRows(report: ImportReport): UsageError {
  const { failed, rows } = report
  return new UsageError('credentials.rows', `${failed} of ${rows} rows cannot be taken: nothing was imported`, {
    status: 422,
    hint: 'mend them, or import the others alone with --partial',
    members: { report },
  })
}
