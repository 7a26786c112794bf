/**
 * The device's firmware update within its actor: feeds what happens to the pure machine
 * (`fleet/firmware/rules`), keeps its row, and turns what it wants asked into operations.
 */
import { UsageError } from '../base/errors.ts'
import { milliseconds } from '../base/time.ts'
import { profiles } from '../config/profiles.ts'
import type { Command } from '../fleet/commands.ts'
import { nulPackage, type FirmwareAction, type FirmwareRules } from '../fleet/firmware/course.ts'
import { followingUpdate } from '../fleet/firmware/journey.ts'
import { stepOf } from '../fleet/firmware/progress.ts'
import {
  isCancellable,
  isFinished,
  newUpdate,
  step,
  type FirmwareInput,
  type UpdateWish,
} from '../fleet/firmware/rules.ts'
import { defaultTarget, targetOf } from '../fleet/firmware/targets.ts'
import { packageHashOf, waitsForOpening, type FirmwareUpdate } from '../fleet/firmware/types.ts'
import { imageOfValue } from '../fleet/operations/types.ts'
import { deliveryFor } from '../fleet/images/delivery.ts'
import { imageKeyOf } from '../fleet/images/types.ts'
import { chosenProfile } from '../fleet/registry/profile-choice.ts'
import { mayBe, type Device, type Registration } from '../fleet/registry/types.ts'
import type { SampleJson } from '../lwm2m/content-json.ts'
import { reportOfSamples } from './firmware-report.ts'
import { wantObserved } from './intents.ts'
import type { PlanContext } from './plan-context.ts'
import { beginWatch, endWatch } from './plan-watch.ts'
import { enqueue, finish, operationOf } from './queue.ts'
import type { Draft } from './state.ts'

export function planFirmware(draft: Draft, input: FirmwareInput, context: PlanContext): void {
  const { device, update } = draft.next
  if (device === undefined || update === undefined) return
  // What the device can is told by the very report that may call for an offer.
  const seen = input.input === 'report' ? { ...update.seen, ...input.report } : update.seen
  const rules = rulesFor(device, { ...update, ...(seen !== undefined && { seen }) }, draft.next.registration, context)
  const { next, actions } = step(update, input, draft.now, rules)
  if (next !== update) keep(draft, update, next)
  if (next.state === 'confirmed' && update.state !== 'confirmed') beginWatch(draft, next, context)
  for (const action of actions) carryOut(draft, device, action, context)
  const following = isFinished(next) ? followingUpdate(next) : undefined
  if (following !== undefined) begin(draft, device, following, context)
}

/** What a device has told, as far as it is about the update under way. */
export function planFirmwareReport(draft: Draft, samples: readonly SampleJson[], context: PlanContext): void {
  const { update } = draft.next
  const report = update === undefined ? undefined : reportOfSamples(update.target, samples)
  if (report !== undefined) planFirmware(draft, { input: 'report', report }, context)
}

type Start = Extract<Command, { command: 'firmware.start' }>

export function planFirmwareStart(draft: Draft, device: Device, wish: Start, context: PlanContext): FirmwareUpdate {
  const { image, target = defaultTarget } = wish
  const open = draft.next.update
  // What is being cancelled already makes way: the new update resets the device itself.
  if (open?.state === 'cancelling') planFirmware(draft, { input: 'superseded' }, context)
  else if (open !== undefined) {
    throw new UsageError(
      'firmware.busy',
      `${device.endpoint} is being updated to ${open.version} already (${open.state})`,
      {
        status: 409,
        hint: `wait for it, or 'coapstan firmware cancel ${device.endpoint}'`,
      },
    )
  }
  if (!mayBe(device, image.product)) {
    throw new UsageError(
      'firmware.product',
      `${image.version} is an image for product '${image.product}'; ${device.endpoint} is a '${device.product}'`,
      { status: 422 },
    )
  }
  if (targetOf(target) === undefined) {
    throw new UsageError('firmware.target', `'${target}' is no object instance that takes packages`, {
      status: 422,
      hint: '/5/0, or an instance of object 9 or 33629: /9/1, /33629/0',
      members: { field: 'target' },
    })
  }
  const { via } = wish.options ?? {}
  if (via !== undefined && context.reach.servers(draft.next.registration?.address)[via] === undefined) {
    throw new UsageError('firmware.via', `this server does not serve images over ${via}`, {
      status: 422,
      hint: 'docs/firmware.md says how it does: downloads.listen and downloads.certificate; without --via the device takes what there is',
      members: { field: 'via' },
    })
  }
  return begin(draft, device, wish, context)
}

function begin(
  draft: Draft,
  device: Device,
  { campaign, ...wish }: UpdateWish & Pick<Start, 'campaign'>,
  context: PlanContext,
): FirmwareUpdate {
  const update: FirmwareUpdate = {
    ...newUpdate(draft.nextId('updateId'), device, wish, draft.now),
    ...(campaign === undefined ? {} : { campaign: campaign.id }),
  }
  endWatch(draft)
  draft.change({ update })
  draft.ops.push(
    { op: 'update.put', update },
    { op: 'update.trim', deviceId: device.id, keep: context.settings['firmware.updates-kept'] },
  )
  if (campaign !== undefined) {
    draft.ops.push({ op: 'campaign.begun', campaignId: campaign.id, update, begin: campaign.begin })
  }
  draft.event('firmware.state', { update: update.id, version: update.version, state: update.state })
  const { registration } = draft.next
  if (registration !== undefined) planFirmware(draft, { input: 'registered', registrationId: registration.id }, context)
  return draft.next.update ?? update
}

export function planFirmwareCancel(draft: Draft, context: PlanContext): FirmwareUpdate {
  const { update } = draft.next
  if (update === undefined) {
    throw new UsageError('firmware.none', `${draft.next.endpoint} is not being updated`, { status: 409 })
  }
  if (!isCancellable(update)) {
    const { campaign, journey } = update
    if (journey !== undefined && journey.isStopped !== true && campaign === undefined) return stopJourney(draft, update)
    throw new UsageError('firmware.installing', `${draft.next.endpoint} installs ${update.version} already`, {
      status: 409,
      hint: 'a device that installs cannot be stopped; send it back with an update to the older version',
    })
  }
  const before = draft.ops.length
  planFirmware(draft, { input: 'cancel' }, context)
  const put = draft.ops.slice(before).findLast((op) => op.op === 'update.put')
  return put?.op === 'update.put' ? put.update : update
}

/** What installs goes on; nothing comes after it. */
function stopJourney(draft: Draft, update: FirmwareUpdate): FirmwareUpdate {
  const stopped: FirmwareUpdate = { ...update, journey: { ...update.journey!, onward: [], isStopped: true } }
  draft.change({ update: stopped })
  draft.ops.push({ op: 'update.put', update: stopped })
  return stopped
}

/** The row where it matters, the event where somebody wants to know, the memory always. */
function keep(draft: Draft, before: FirmwareUpdate, next: FirmwareUpdate): void {
  const changed = next.state !== before.state
  // A push goes on from the last block that is known to have arrived.
  const isProgressOnly = !changed && next.fetched !== before.fetched && next.delivery !== 'push'
  if (!isProgressOnly || stepOf(next) !== stepOf(before)) {
    draft.ops.push({ op: 'update.put', update: next })
  }
  const isOfCampaign = isFinished(next) || next.state === 'downloaded' || next.registrationAtUpdate !== undefined
  const isToldToInstall = next.installCommand === 'asked' && before.installCommand !== 'asked'
  const waitsAgain = waitsForOpening(next) && !waitsForOpening(before)
  if ((changed || isToldToInstall || waitsAgain) && next.campaign !== undefined && isOfCampaign) {
    draft.ops.push({ op: 'campaign.followed', campaignId: next.campaign, update: next })
  }
  draft.change({ update: isFinished(next) ? undefined : next })
  if (changed) {
    draft.event('firmware.state', {
      update: next.id,
      version: next.version,
      state: next.state,
      ...(next.failure === undefined ? {} : { failure: next.failure }),
      ...(next.reason === undefined ? {} : { reason: next.reason }),
      ...(next.result === undefined ? {} : { result: next.result }),
    })
  } else if (stepOf(next) !== stepOf(before)) {
    draft.event('firmware.progress', {
      update: next.id,
      fetched: next.fetched,
      size: next.size,
      ...(next.blockSize === undefined ? {} : { blockSize: next.blockSize }),
      resumes: next.resumes,
    })
  }
}

function carryOut(draft: Draft, device: Device, action: FirmwareAction, context: PlanContext): void {
  if (action.action === 'withdraw') {
    for (const operation of draft.next.operations) {
      // A push is taken back where it stands; any other request that left is left to run its course.
      if (
        operation.origin === 'firmware' &&
        (operation.state === 'queued' || imageOfValue(operation.value) !== undefined)
      ) {
        finish(draft, operation, { state: 'cancelled', reason: 'superseded' })
      }
    }
    return
  }
  const wish = action.draft
  const isAsked = draft.next.operations.some(
    ({ origin, kind, path, value }) =>
      origin === 'firmware' && kind === wish.kind && path === wish.path && value === wish.value,
  )
  if (isAsked || (wish.kind === 'write' && isOffering(draft, wish.path))) return
  if (wish.kind === 'observe') wantObserved(draft, device.id, wish.path, 'firmware')
  enqueue(draft, operationOf(draft, device, wish, context))
}

/**
 * Our offer is with the device, and its answer still to come: that it downloads already is our own doing,
 * not a package of somebody else's to be dropped.
 */
function isOffering(draft: Draft, at: string): boolean {
  return draft.next.operations.some(
    ({ kind, messageId, origin, path, value }) =>
      origin === 'firmware' &&
      kind === 'write' &&
      path === at &&
      value !== '' &&
      value !== nulPackage &&
      messageId !== undefined,
  )
}

function rulesFor(
  device: Device,
  update: FirmwareUpdate,
  registration: Registration | undefined,
  { reach, settings, statusRules, listeningSince }: PlanContext,
): FirmwareRules {
  const hardware = device.learned?.vitals?.hardware
  const profile = profiles[chosenProfile(device, registration, statusRules.profiles).profile]
  return {
    ...offerOf(update, device, registration, reach),
    rebootGrace: profile.rebootGrace,
    listeningSince,
    stall: milliseconds(settings['firmware.stall']),
    attempts: settings['firmware.attempts'],
    backoff: milliseconds(settings['firmware.backoff']),
    backoffLimit: milliseconds(settings['firmware.backoff-limit']),
    health: {
      window: milliseconds(settings['firmware.health-window']),
      uplinks: settings['firmware.health-uplinks'],
    },
    ...(hardware !== undefined && { hardware }),
    isRegistered: registration !== undefined,
    lwm2mVersion: registration?.lwm2mVersion ?? '1.0',
  }
}

/** Where nothing is known to fit, the URI of its own association: the device itself says what is wrong with it. */
function offerOf(
  update: FirmwareUpdate,
  { id: deviceId, endpoint }: Device,
  registration: Registration | undefined,
  reach: PlanContext['reach'],
): Pick<FirmwareRules, 'packageUri' | 'obstacle'> {
  const { protocols, delivery } = update.seen ?? {}
  const told = {
    ...(protocols !== undefined && { protocols }),
    ...(delivery !== undefined && { delivery }),
  }
  const device = { deviceId, endpoint, secured: registration?.secured ?? false }
  const key = imageKeyOf(packageHashOf(update))
  const servers = reach.servers(registration?.address)
  const link = (wanted: string): string => reach.downloadPath(wanted, update)
  const chosen = deliveryFor({ ...device, ...told }, key, { ...update.options, servers, link })
  if (chosen.by === 'pull') return { packageUri: chosen.uri }
  const own = deliveryFor(device, key, { servers, link })
  return {
    packageUri: own.by === 'pull' ? own.uri : '',
    ...(chosen.by === 'none' &&
      (update.options?.via !== undefined || own.by !== 'pull') && { obstacle: chosen.reason }),
  }
}
