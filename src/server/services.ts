/**
 * What the HTTP API calls, put together: one service for each folder of `fleet`, over one store and one way
 * into the engine. Knows no socket and no HTTP.
 */
import { setImmediate } from 'node:timers/promises'
import type { Services } from '../api/services.ts'
import type { Instant } from '../base/time.ts'
import type { Settings } from '../config/tunables.ts'
import { CampaignsService } from '../fleet/campaigns/service.ts'
import { ConfigurationService } from '../fleet/configuration/service.ts'
import { DeltasService } from '../fleet/deltas/service.ts'
import { FirmwareService, updatesNeeding } from '../fleet/firmware/service.ts'
import { ImagesService } from '../fleet/images/service.ts'
import { imageKeyOf } from '../fleet/images/types.ts'
import { ObservationRulesService } from '../fleet/observation-rules/service.ts'
import { ObservationsService } from '../fleet/observations/service.ts'
import { OperationsService } from '../fleet/operations/service.ts'
import { RegistryService } from '../fleet/registry/service.ts'
import { SigningKeysService } from '../fleet/signing-keys/service.ts'
import type { Store } from '../fleet/store.ts'
import { bootstrapServiceOf } from './bootstrap.ts'
import type { CampaignsClock } from './campaigns.ts'
import { deltaMakerOf } from './delta-maker.ts'
import type { DeviceSide } from './device-side.ts'
import { imageInspector } from './image-inspector.ts'
import type { openImages } from './image-store.ts'
import type { ObjectDefinitions } from './objects.ts'

/** Services that are there already are handed on as they are. */
export interface ServicesParts extends Pick<Services, 'credentials' | 'handshakes' | 'events' | 'report'> {
  readonly settings: Settings
  readonly store: Store
  readonly files: ReturnType<typeof openImages>
  readonly devices: DeviceSide
  readonly campaigns: CampaignsClock
  readonly definitions: ObjectDefinitions
  readonly bootstrap: Parameters<typeof bootstrapServiceOf>[0]
  readonly now: () => Instant
}

export function servicesOf(parts: ServicesParts): Services {
  const { settings, store, devices, definitions, now } = parts
  const { control } = devices
  const registry = new RegistryService(store, control, now, settings)
  const operations = new OperationsService(store, control, registry)
  const firmware = firmwareServicesOf(parts, registry)
  return {
    ...firmware,
    registry,
    operations,
    configuration: new ConfigurationService(store, control, registry),
    observations: new ObservationsService(store, registry),
    observationRules: new ObservationRulesService({
      store,
      registry,
      commands: control,
      now,
      inForce: (rules) => devices.setRules(rules),
    }),
    bootstrap: bootstrapServiceOf(parts.bootstrap, { registry, operations }),
    credentials: parts.credentials,
    handshakes: parts.handshakes,
    events: parts.events,
    objects: {
      list: () => definitions.library.list(),
      versionsOf: (id) => definitions.library.versionsOf(id),
      validate: (text) => definitions.validate(text),
      reload: () => {
        const report = definitions.reload()
        devices.objectsChanged()
        return report
      },
    },
    trace: devices.trace(),
    report: () => parts.report(),
    obstacles: () => control.obstacles(),
  }
}

/** Images, what is made of them, and who gets them. */
function firmwareServicesOf(
  { settings, store, files, devices, campaigns, now }: ServicesParts,
  registry: RegistryService,
) {
  const { control } = devices
  const signingKeys = new SigningKeysService({ store, commands: control, reader: imageInspector, now })
  const images: ImagesService = new ImagesService({
    store,
    files,
    inspector: imageInspector,
    keysFor: (product) => signingKeys.keysFor(product),
    commands: control,
    now,
    settings,
    usesOf: (image) => [...updatesNeeding(store, image), ...campaignsService.needing(image)],
    deltas: () => store.deltas(undefined),
    isDelta: (sha256) => store.deltaByKey(imageKeyOf(sha256)) !== undefined,
    orphans: (image) => {
      const orphans = deltas.deltasOf(image)
      return () => deltas.drop(orphans)
    },
  })
  const maker = deltaMakerOf({ settings, files })
  const deltas: DeltasService = new DeltasService({
    store,
    files,
    maker,
    images,
    commands: control,
    now,
    settings,
    usesOf: (delta) => updatesNeeding(store, delta),
  })
  const campaignsService = new CampaignsService({
    store,
    actors: campaigns,
    images,
    registry,
    now,
    breathe: () => setImmediate(),
  })
  const firmware = new FirmwareService(store, control, images, registry)
  return { images, signingKeys, deltas, firmware, campaigns: campaignsService }
}
