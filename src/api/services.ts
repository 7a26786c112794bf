/**
 * What the API asks of the fleet and of the process around it, as narrow interfaces. The services of
 * `fleet/*` fit them; tests hand in a fleet in memory. Errors come as UsageError and EnvironmentError.
 */
import type { Bytes } from '../base/bytes.ts'
import type { Duration, Instant } from '../base/time.ts'
import type { DevicePatch, PutWish } from '../fleet/commands.ts'
import type { CampaignAction } from '../fleet/campaigns/commands.ts'
import type { CampaignDraft } from '../fleet/campaigns/definition.ts'
import type { CampaignBrief } from '../fleet/campaigns/report.ts'
import type { CampaignPlan, CampaignReport } from '../fleet/campaigns/service.ts'
import type { CampaignStatus } from '../fleet/campaigns/status.ts'
import type { Author, CampaignDevice, CampaignDeviceState } from '../fleet/campaigns/types.ts'
import type { TemplateDraft } from '../fleet/bootstrap/draft.ts'
import type { BootstrapRun, BootstrapTemplate, RunFilter } from '../fleet/bootstrap/types.ts'
import type { ObservedConfiguration } from '../fleet/configuration/types.ts'
import type {
  CredentialDraft,
  CredentialFilter,
  CredentialId,
  CredentialSummary,
  ImportReport,
} from '../fleet/credentials/types.ts'
import type { EventFilter } from '../fleet/events/store.ts'
import type { EventId, FleetEvent } from '../fleet/events/types.ts'
import type { StartWish } from '../fleet/firmware/service.ts'
import type { FirmwareUpdate } from '../fleet/firmware/types.ts'
import type { AddedImage, Verification } from '../fleet/images/service.ts'
import type { Delta, Image, ImageDraft } from '../fleet/images/types.ts'
import type { Handshake, HandshakeCounts } from '../fleet/handshakes/types.ts'
import type { RuleDraft } from '../fleet/observation-rules/service.ts'
import type { ObservationRule } from '../fleet/observation-rules/types.ts'
import type { Observation } from '../fleet/observations/types.ts'
import type { Operation, OperationDraft, OperationId, OperationState } from '../fleet/operations/types.ts'
import type { Precondition } from '../fleet/precondition.ts'
import type { SigningKey } from '../fleet/signing-keys/types.ts'
import type { DeviceFilter, DeviceWithStatus, EndpointName } from '../fleet/registry/types.ts'

export interface RegistryCalls {
  list(
    filter: DeviceFilter,
    page: { cursor?: EndpointName; limit: number },
  ): { devices: readonly DeviceWithStatus[]; next?: EndpointName }
  /** Throws UsageError 'device.unknown' (404) with the member `similar`. */
  device(endpoint: EndpointName): DeviceWithStatus
  find(endpoint: EndpointName): DeviceWithStatus | undefined
  /** Throws UsageError 'precondition.failed' (412), as all calls do that take a precondition. */
  put(endpoint: EndpointName, patch: DevicePatch, wish: PutWish): Promise<DeviceWithStatus>
  delete(endpoint: EndpointName, precondition: Precondition): Promise<void>
}

export interface ConfigurationCalls {
  /** Throws UsageError 'device.unknown' or 'configuration.unset' (404). */
  read(endpoint: EndpointName): ObservedConfiguration
  /** JSON text. Throws UsageError 'configuration.too-large' (413). */
  set(endpoint: EndpointName, document: string, precondition: Precondition): Promise<ObservedConfiguration>
  remove(endpoint: EndpointName, precondition: Precondition): Promise<void>
}

export interface OperationsCalls {
  submit(endpoint: EndpointName, draft: OperationDraft): Promise<Operation>
  /** Throws UsageError 'operation.unknown' (404). */
  operation(id: OperationId): Operation
  /** Newest first. */
  list(
    filter: { endpoint?: EndpointName; state?: OperationState },
    before: OperationId | undefined,
    limit: number,
  ): readonly Operation[]
  cancel(id: OperationId): Promise<Operation>
}

export interface ObservationsCalls {
  /** In the order of their paths. Throws UsageError 'device.unknown' (404). */
  list(endpoint: EndpointName): readonly Observation[]
}

export interface ObservationRulesCalls {
  list(): readonly ObservationRule[]
  /** Throws UsageError with what is wrong with it (422). */
  add(draft: RuleDraft): Promise<ObservationRule>
  /** Throws UsageError 'rule.unknown' (404). */
  remove(id: number): Promise<void>
}

export interface ImagesCalls {
  /** `expected`: the SHA-256 the octets have to have. */
  add(draft: ImageDraft, chunks: AsyncIterable<Bytes>, expected?: string): Promise<AddedImage>
  setNotes(reference: string, notes: string | undefined, precondition: Precondition): Promise<Image>
  list(product?: string): readonly Image[]
  /** Throws UsageError 'image.unknown' (404). */
  image(reference: string): Image
  /** Throws UsageError 'image.in-use' (409). */
  remove(reference: string): Promise<void>
  /** Reads the stored file; `detail` says what is wrong with it. */
  verify(reference: string): Promise<Verification>
}

export interface DeltasCalls {
  list(to?: string): readonly Delta[]
  /** Throws UsageError 'image.unknown' (404), 'delta.pair', 'delta.size' (422), 'delta.exists' (409). */
  add(pair: { readonly from: string; readonly to: string }, chunks: AsyncIterable<Bytes>): Promise<Delta>
  /** Throws also UsageError 'delta.no-command', 'delta.busy' (409). */
  make(pair: { readonly from: string; readonly to: string }): Promise<Delta>
  /** Throws UsageError 'delta.unknown' (404). */
  remove(key: string): Promise<void>
}

export interface SigningKeysCalls {
  list(): readonly SigningKey[]
  add(draft: { readonly name: string; readonly pem: string; readonly product?: string }): Promise<SigningKey>
  /** Throws UsageError 'signing-key.unknown' (404). */
  remove(name: string): Promise<void>
}

export interface CampaignsCalls {
  /** Newest first, with ids below `before`. */
  list(before: number | undefined, limit: number): readonly CampaignBrief[]
  /** By name or number. Throws UsageError 'campaign.unknown' (404). */
  status(reference: string): CampaignStatus
  /** Throws UsageError 'campaign.definition' (422) with the member `field`, or what images refuse. */
  plan(draft: CampaignDraft): Promise<CampaignPlan>
  create(draft: CampaignDraft, author: Author): Promise<CampaignStatus>
  /** Throws UsageError 'campaign.state' (409). */
  act(
    reference: string,
    action: Exclude<CampaignAction, 'start'>,
    author: Author,
    precondition: Precondition,
  ): CampaignStatus
  /** Throws UsageError 'campaign.state', 'campaign.approval', 'campaign.too-many' or 'campaign.nobody' (409). */
  start(
    reference: string,
    author: Author,
    options: { readonly force?: boolean; readonly precondition?: Precondition },
  ): Promise<CampaignStatus>
  rollBack(reference: string, image: string | undefined, author: Author, precondition: Precondition): CampaignStatus
  /** Throws UsageError 'campaign.state' (409: it is under way, or its devices are being taken back). */
  remove(reference: string, author: Author, precondition: Precondition): void
  devices(
    reference: string,
    state: CampaignDeviceState | undefined,
    after: number,
    limit: number,
  ): readonly CampaignDevice[]
  report(reference: string): CampaignReport
}

export interface FirmwareCalls {
  start(endpoint: EndpointName, reference: string, wish?: StartWish): Promise<FirmwareUpdate>
  cancel(endpoint: EndpointName): Promise<FirmwareUpdate>
  /** Throws UsageError 'update.unknown' (404). */
  update(id: number): FirmwareUpdate
  /** Newest first. */
  updates(endpoint: EndpointName | undefined, limit: number): readonly FirmwareUpdate[]
}

export interface CredentialsCalls {
  /** In the order they were added. */
  list(filter: CredentialFilter, page: { after?: CredentialId; limit: number }): readonly CredentialSummary[]
  /** Throws UsageError 'credential.unknown' (404). */
  credential(reference: string): CredentialSummary
  add(draft: CredentialDraft): Promise<{ credential: CredentialSummary; newKey?: string }>
  import(csv: string, options: { dryRun?: boolean; partial?: boolean }): Promise<ImportReport>
  rotate(
    reference: string,
    wishes: { identity?: string; key?: string; immediately?: boolean },
  ): Promise<{ credential: CredentialSummary; newKey?: string }>
  revoke(reference: string): Promise<readonly CredentialSummary[]>
}

export interface BootstrapCalls {
  /** By name. */
  templates(): readonly BootstrapTemplate[]
  /** Throws UsageError 'template.unknown' (404). */
  template(name: string): BootstrapTemplate
  put(
    name: string,
    draft: TemplateDraft,
    precondition: Precondition,
  ): Promise<{ template: BootstrapTemplate; created: boolean }>
  remove(name: string, precondition: Precondition): Promise<void>
  /** Newest first. */
  runs(filter: RunFilter, before: number | undefined, limit: number): readonly BootstrapRun[]
  /** Throws UsageError 'bootstrap.none' (404). */
  run(endpoint: EndpointName): BootstrapRun
  trigger(endpoint: EndpointName, instance?: number): Promise<Operation>
}

export interface HandshakesCalls {
  /** Newest first. */
  list(filter: { failed?: boolean }, limit: number): readonly Handshake[]
  counts(): HandshakeCounts
}

export interface EventsCalls {
  /** Oldest first, with ids above `after`. */
  list(filter: EventFilter, after: EventId, limit: number): readonly FleetEvent[]
  /** The newest `limit`, oldest of them first. */
  latest(filter: EventFilter, limit: number): readonly FleetEvent[]
  /**
   * Calls `listener` for each event once it is committed, in the order of ids; what it throws is its
   * own bug. The returned function ends it.
   */
  subscribe(listener: (event: FleetEvent) => void): () => void
}

/** One datagram of a device as the flight recorder knows it; what it is no CoAP without is absent then. */
export interface TracedDatagram {
  /** Microseconds since 1970; rises from datagram to datagram. */
  readonly id: number
  readonly at: Instant
  readonly direction: 'received' | 'sent'
  /** Of the device; an empty address where it is no longer known. */
  readonly remote: { readonly address: string; readonly port: number }
  readonly size: number
  /** Its first octets. */
  readonly head: Bytes
  readonly type?: 'CON' | 'NON' | 'ACK' | 'RST'
  readonly code?: string
  readonly codeName?: string
  readonly messageId?: number
  readonly token?: string
  readonly options?: readonly { readonly number: number; readonly name: string; readonly value: string }[]
  readonly payloadSize?: number
  readonly fault?: string
  readonly retransmission: boolean
  readonly outcome?: 'answered' | 'acknowledged' | 'reset' | 'unanswered'
  readonly answer?: string
  readonly roundTrip?: Duration
  readonly after?: Duration
}

export interface TraceCalls {
  /** Oldest first; nothing of a device that was not heard. */
  datagrams(endpoint: EndpointName): readonly TracedDatagram[] | Promise<readonly TracedDatagram[]>
  /** Calls `listener` with each datagram as it passes. The returned function ends it. */
  follow(endpoint: EndpointName, listener: (datagram: TracedDatagram) => void): () => void
  /** Where the server listens for devices. */
  localAddress(): string
}

export interface ResourceDefinition {
  readonly id: number
  readonly name: string
  readonly operations: string
  readonly multiple: boolean
  readonly mandatory: boolean
  readonly type: string
  readonly range: string
  readonly unit: string
  readonly description: string
}

export interface ObjectDefinition {
  readonly id: number
  readonly name: string
  readonly version: string
  readonly lwm2mVersion: string
  readonly urn: string
  readonly multiple: boolean
  readonly mandatory: boolean
  readonly description: string
  readonly resources: ReadonlyMap<number, ResourceDefinition>
}

/** The library of object definitions fits as it is. */
export interface ObjectsCalls {
  /** By id. */
  list(): readonly { readonly id: number; readonly name: string; readonly versions: readonly string[] }[]
  /** Oldest version first; none for an object nobody defined. */
  versionsOf(objectId: number): readonly ObjectDefinition[]
  /** What a definition file (OMA DDF) holds and what is wrong with it; nothing is kept. */
  validate(text: string): { readonly definitions: readonly ObjectDefinition[]; readonly problems: readonly Flaw[] }
  /** Reads all files again. Throws UsageError 'objects.invalid' (422) or 'objects.directory', and changes nothing then. */
  reload(): {
    readonly files: readonly { readonly file: string; readonly problems: readonly Flaw[] }[]
    readonly objects: number
  }
}

/** Something wrong with a definition file. */
export interface Flaw {
  /** An error keeps an object from being used. */
  readonly severity: 'error' | 'warning'
  readonly where: string
  readonly line?: number
  readonly message: string
}

export interface ProcessReport {
  /** Names and numbers for people and dashboards: devices, actors, … */
  readonly counts: Readonly<Record<string, number>>
  /** What other threads have counted, in the metrics' own form. */
  readonly samples: readonly (readonly object[])[]
  readonly listeners: readonly { readonly protocol: string; readonly address: string; readonly port: number }[]
}

export interface Services {
  readonly registry: RegistryCalls
  readonly configuration: ConfigurationCalls
  readonly operations: OperationsCalls
  readonly observations: ObservationsCalls
  readonly observationRules: ObservationRulesCalls
  readonly images: ImagesCalls
  readonly signingKeys: SigningKeysCalls
  readonly deltas: DeltasCalls
  readonly firmware: FirmwareCalls
  readonly campaigns: CampaignsCalls
  readonly bootstrap: BootstrapCalls
  readonly credentials: CredentialsCalls
  readonly handshakes: HandshakesCalls
  readonly events: EventsCalls
  readonly objects: ObjectsCalls
  readonly trace: TraceCalls
  /** A cheap look at the process. */
  report(): ProcessReport
  /** Why the server cannot serve now, one sentence each; none where it can. */
  obstacles(): readonly string[]
}
