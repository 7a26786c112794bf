/**
 * Answers a device that asks to be bootstrapped: gathers what the store knows of it, decides, and makes what it is
 * to be given. Reads the store, writes nothing itself: ops and events go with the answer.
 */
import { bytesOfHex, hexOf, utf8, type Bytes } from '../../base/bytes.ts'
import type { Random } from '../../base/random.ts'
import type { Instant } from '../../base/time.ts'
import type { Settings } from '../../config/tunables.ts'
import { bootstrapFormats, type BootstrapRequest } from '../../lwm2m/bootstrap/request.ts'
import type { CredentialsService } from '../credentials/service.ts'
import type { Sealer } from '../credentials/types.ts'
import type { EventDraft } from '../events/types.ts'
import type { Device } from '../registry/types.ts'
import { admissionOf, type BootstrapFacts } from './admission.ts'
import { render } from './rendering.ts'
import { discoverStep, isOver, stepRun, type BootstrapRules } from './rules.ts'
import type { BootstrapOp, BootstrapStore } from './store.ts'
import type { BootstrapRun, BootstrapTemplate, ServerTemplate } from './types.ts'

type ProvisionedKey = Exclude<ReturnType<CredentialsService['provision']>, string>

export interface DeskPorts {
  readonly store: BootstrapStore & { device(endpoint: string): { readonly device: Device } | undefined }
  readonly sealer: Sealer
  readonly credentials: Pick<CredentialsService, 'provision' | 'standingOf'>
  /** HMAC-SHA256. */
  readonly mac: (key: Bytes, data: Bytes) => Bytes
  /** The URI of this server as a device at `remote` reaches it; undefined where it is not known. */
  readonly selfUri: (secured: boolean, remote: string) => string | undefined
  readonly random: Random
  readonly settings: Pick<
    Settings,
    'bootstrap.policy' | 'bootstrap.pause' | 'bootstrap.patience' | 'bootstrap.attempts'
  >
}

export interface Asking {
  readonly secured: boolean
  readonly address: string
  readonly port: number
  readonly now: Instant
}

export type Reply =
  | {
      readonly reply: 'begin'
      readonly run: BootstrapRun
      readonly ops: readonly (BootstrapOp | ProvisionedKey['ops'][number])[]
      readonly events: readonly EventDraft[]
    }
  | { readonly reply: 'refused'; readonly fault: string; readonly events: readonly EventDraft[] }
  | { readonly reply: 'later' }

/** Octets of a key made of a master key. */
const derivedOctets = 16

export class BootstrapDesk {
  readonly #ports: DeskPorts
  #lastRunId: number | undefined

  constructor(ports: DeskPorts) {
    this.#ports = ports
  }

  get rules(): BootstrapRules {
    const { settings } = this.#ports
    return { patience: settings['bootstrap.patience'], attempts: settings['bootstrap.attempts'] }
  }

  ask(request: BootstrapRequest, asking: Asking): Reply {
    const { store, settings } = this.#ports
    const { endpoint } = request
    const facts = this.#factsOf(endpoint)
    const admission = admissionOf(endpoint, asking.secured, facts, store.bootstrapTemplates(), asking.now, settings)
    switch (admission.admission) {
      case 'later':
        return { reply: 'later' }
      case 'refused':
        return refusal(endpoint, admission.fault, admission.reason)
      case 'admitted':
        return this.#begun(request, asking, facts, admission.template)
    }
  }

  /** The key a run carries sealed; undefined where it does not open. */
  open(endpoint: string, sealed: string): Bytes | undefined {
    const octets = bytesOfHex(sealed)
    return octets === undefined ? undefined : this.#ports.sealer.open(octets, contextOf(endpoint))
  }

  #begun(request: BootstrapRequest, asking: Asking, facts: BootstrapFacts, template: BootstrapTemplate): Reply {
    const { endpoint } = request
    const formats = formatsFor(template, request)
    const { run } = facts
    if (run !== undefined && !isOver(run)) {
      const next = stepRun(run, { input: 'requested', ...asking, formats }, asking.now, this.rules)
      if (isOver(next))
        return { reply: 'begin', run: next, ops: [{ op: 'bootstrap.run.put', run: next }], events: [eventOf(next)] }
      return { reply: 'begin', run: next, ops: [{ op: 'bootstrap.run.put', run: next }], events: [] }
    }
    const made = this.#content(template, asking, endpoint, facts)
    if (made === 'busy') return { reply: 'later' }
    if (typeof made === 'string') return refusal(endpoint, 'bootstrap.no-template', made)
    const { now, secured, address, port } = asking
    const fresh: BootstrapRun = {
      id: this.#nextRunId(),
      endpoint,
      template: template.name,
      state: 'running',
      secured,
      address,
      port,
      formats,
      writes: template.writes,
      verify: template.verify,
      assumedAccount: template.assumedAccount,
      delete: template.delete,
      content: made.content,
      steps: [discoverStep],
      attempts: 1,
      ...(made.issued !== undefined && { credential: made.issued.credential.id }),
      startedAt: now,
      heardAt: now,
    }
    const events = [...(made.issued?.events ?? []), eventOf(fresh)]
    return {
      reply: 'begin',
      run: fresh,
      ops: [...(made.issued?.ops ?? []), { op: 'bootstrap.run.put', run: fresh }],
      events,
    }
  }

  #content(template: BootstrapTemplate, { address }: Asking, endpoint: string, facts: BootstrapFacts) {
    const { random, selfUri, credentials } = this.#ports
    const self = template.servers.find(({ uri }) => uri === 'self')
    const uri = self === undefined ? '' : selfUri(self.security === 'psk', address)
    if (uri === undefined) {
      const knob = self?.security === 'psk' ? 'coaps.public-uri' : 'coap.public-uri'
      return `${knob} is not set, so there is no URI to give to devices`
    }
    const about = { tags: facts.tags, ...(facts.product !== undefined && { product: facts.product }) }
    const issued = self?.key === undefined ? undefined : credentials.provision(endpoint, about)
    if (issued === 'busy') return issued
    if (issued === 'other-kind')
      return 'the device has a certificate or a public key: no pre-shared key is put beside it'
    const content = render(template, {
      endpoint,
      random,
      selfUri: () => uri,
      keyFor: (server, identity) => this.#keyFor(server, identity, endpoint, issued),
    })
    return { content, issued }
  }

  #keyFor(server: ServerTemplate, identity: Bytes, endpoint: string, issued: ProvisionedKey | undefined) {
    if (issued !== undefined && server.key?.from === 'issued') {
      return { identity: issued.credential.identity, sealedKey: this.#seal(endpoint, issued.key) }
    }
    const { sealer, mac } = this.#ports
    const sealed = server.key === undefined || server.key.from === 'issued' ? undefined : bytesOfHex(server.key.sealed)
    const key = sealed === undefined ? undefined : sealer.open(sealed, templateContext)
    // A key that does not open makes an account that does not work, which the log of the store key has told.
    if (key === undefined) return { identity, sealedKey: '' }
    const own = server.key?.from === 'master' ? mac(key, identity).slice(0, derivedOctets) : key
    return { identity, sealedKey: this.#seal(endpoint, own) }
  }

  #seal(endpoint: string, key: Bytes): string {
    return hexOf(this.#ports.sealer.seal(key, contextOf(endpoint)))
  }

  #factsOf(endpoint: string): BootstrapFacts {
    const { store, credentials } = this.#ports
    const row = store.device(endpoint)?.device
    const standing = credentials.standingOf(endpoint)
    const product = row?.product ?? standing.product
    const blocked =
      row?.retiredAt !== undefined ? 'retired' : row?.quarantinedAt !== undefined ? 'quarantined' : undefined
    const run = store.bootstrapRun(endpoint)
    return {
      known: row !== undefined || standing.known,
      ...(blocked !== undefined && { blocked }),
      ...(product !== undefined && { product }),
      tags: { ...standing.tags, ...row?.tags },
      proven: standing.proven,
      mustProve: standing.bootstraps,
      ...(run !== undefined && { run }),
    }
  }

  #nextRunId(): number {
    this.#lastRunId = (this.#lastRunId ?? this.#ports.store.lastBootstrapRunId()) + 1
    return this.#lastRunId
  }
}

/** Sealed keys of templates. */
export const templateContext = utf8('bootstrap template')

function contextOf(endpoint: string): Bytes {
  return utf8(`bootstrap run\0${endpoint}`)
}

/** The template's own alone; else what the device prefers before the others. */
function formatsFor({ format }: BootstrapTemplate, { preferred }: BootstrapRequest): readonly number[] {
  if (format !== undefined) return [format]
  if (preferred === undefined) return bootstrapFormats
  return [preferred, ...bootstrapFormats.filter((one) => one !== preferred)]
}

function refusal(endpoint: string, fault: string, reason: string): Reply {
  return {
    reply: 'refused',
    fault,
    events: [{ kind: 'bootstrap.refused', cause: 'device', endpoint, detail: { reason } }],
  }
}

/** What the world is told of a run when it begins or ends. */
export function eventOf(run: BootstrapRun): EventDraft {
  const { id, endpoint, template, state, attempts, credential, reason } = run
  const kind = state === 'running' ? 'bootstrap.started' : `bootstrap.${state}`
  const detail = {
    run: id,
    template,
    attempts,
    ...(credential !== undefined && { credential }),
    ...(reason !== undefined && { reason }),
  }
  return { kind: kind as EventDraft['kind'], cause: 'device', endpoint, detail }
}
