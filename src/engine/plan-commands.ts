/**
 * What an operator asks: checked against the model and the registration before anything is kept, durable
 * before it is answered.
 */
import { UsageError } from '../base/errors.ts'
import type { Instant } from '../base/time.ts'
import type { DevicePatch } from '../fleet/commands.ts'
import { isObserve, supersededBy, otherUnderKey } from '../fleet/operations/rules.ts'
import type { ObservationOrigin } from '../fleet/observations/types.ts'
import type { Operation, OperationDraft } from '../fleet/operations/types.ts'
import { demandConfiguration } from '../fleet/configuration/revision.ts'
import { demandDevice } from '../fleet/registry/revision.ts'
import { replacing, validatePatch } from '../fleet/registry/rules.ts'
import type { Device } from '../fleet/registry/types.ts'
import { isRefusal } from '../lwm2m/refusal.ts'
import type { CommandInput } from './inputs.ts'
import { quarantined, refusedBy, unknownDevice } from './command-errors.ts'
import { planFirmware, planFirmwareCancel, planFirmwareStart } from './plan-firmware.ts'
import { intentAt, release, wantObserved } from './intents.ts'
import type { PlanContext } from './plan-context.ts'
import { setConfiguration } from './plan-plain.ts'
import { learnModel } from './plan-model.ts'
import { planRules } from './plan-rules.ts'
import { enqueue, finish, operationOf } from './queue.ts'
import { checkDraft } from './requests.ts'
import { describeDevice } from './describe.ts'
import type { Draft } from './state.ts'

export function planCommand(draft: Draft, input: CommandInput, context: PlanContext): void {
  const { command, reply } = input
  try {
    draft.effects.push({ effect: 'reply', reply, result: resultOf(draft, command, context) })
  } catch (thrown) {
    // A refusal must leave nothing of a half-made plan behind.
    if (!(thrown instanceof UsageError)) throw thrown
    draft.abandon()
    draft.effects.push({ effect: 'refuse', reply, error: thrown })
  }
}

function resultOf(draft: Draft, command: CommandInput['command'], context: PlanContext): unknown {
  if (command.command === 'device.put') {
    const before = draft.next.device
    if (before === undefined && command.mustExist) throw unknownDevice(command.endpoint)
    demandDevice(command, before)
    const patch = command.replaces === true ? replacing(before, command.patch) : command.patch
    putDevice(draft, patch)
    const said = draft.next.device?.learned?.model
    if (patch.product === null && said !== undefined) learnModel(draft, said, context)
    planRules(draft, context)
    return describeDevice(draft.next, draft.now, context.statusRules)
  }
  const device = draft.next.device
  if (device === undefined) throw unknownDevice(command.endpoint)
  const asks = command.command === 'operation.submit' || command.command === 'firmware.start'
  if (asks && device.quarantinedAt !== undefined) throw quarantined(command.endpoint)
  switch (command.command) {
    case 'device.delete':
      demandDevice(command, device)
      return deleteDevice(draft, device, context)
    case 'configuration.set':
      demandConfiguration(command, draft.next.configuration)
      return setConfiguration(draft, device, command.document, context)
    case 'device.observe':
      return planRules(draft, context)
    case 'operation.submit':
      return submit(draft, device, command.draft, context)
    case 'operation.cancel':
      return cancel(draft, command.id, context)
    case 'firmware.start':
      return planFirmwareStart(draft, device, command, context)
    case 'firmware.cancel':
      return planFirmwareCancel(draft, context)
    case 'firmware.fetched': {
      const { update, ...piece } = command.fetch
      if (draft.next.update?.id === update) planFirmware(draft, { input: 'block-served', ...piece }, context)
      return undefined
    }
  }
}

function putDevice(draft: Draft, patch: DevicePatch): void {
  const before = draft.next.device
  validatePatch(draft.next.endpoint, patch, before)
  const base: Device = before ?? {
    id: draft.nextId('deviceId'),
    endpoint: draft.next.endpoint,
    tags: {},
    createdAt: draft.now,
  }
  const { product, productFrom, profile, retiredAt, quarantinedAt, ...rest } = base
  const tags = { ...rest.tags }
  for (const [name, value] of Object.entries(patch.tags ?? {})) {
    if (value === null) delete tags[name]
    else tags[name] = value
  }
  const retired: Instant | undefined =
    patch.retired === undefined ? retiredAt : patch.retired ? (retiredAt ?? draft.now) : undefined
  const next: Device = {
    ...rest,
    tags,
    ...(patch.product === undefined ? productOf(product, productFrom) : productOf(patch.product, 'operator')),
    ...kept('profile', patch.profile, profile),
    ...(retired === undefined ? {} : { retiredAt: retired }),
    ...(quarantinedAt === undefined || patch.quarantined === false ? {} : { quarantinedAt }),
  }
  draft.change({ device: next })
  draft.ops.push({ op: 'device.put', device: next })
  draft.event(before === undefined ? 'device.created' : 'device.changed', { ...patch })
}

function productOf(product: string | null | undefined, productFrom: Device['productFrom']) {
  if (product === undefined || product === null) return {}
  return { product, ...(productFrom === undefined ? {} : { productFrom }) }
}

/** What a patch leaves of one member: null takes it away, absent keeps what was. */
function kept<K extends string, V>(
  name: K,
  patched: V | null | undefined,
  before: V | undefined,
): { readonly [P in K]?: V } {
  const value = patched === undefined ? before : (patched ?? undefined)
  return (value === undefined ? {} : { [name]: value }) as { readonly [P in K]?: V }
}

function deleteDevice(draft: Draft, device: Device, context: PlanContext): undefined {
  planFirmware(draft, { input: 'gone' }, context)
  for (const operation of draft.next.operations) finish(draft, operation, { state: 'cancelled', reason: 'device-gone' })
  draft.event('device.deleted')
  draft.ops.push({ op: 'device.delete', deviceId: device.id })
  draft.change({
    device: undefined,
    registration: undefined,
    observations: [],
    update: undefined,
    configuration: undefined,
    configurationObservers: [],
  })
  return undefined
}

function submit(draft: Draft, device: Device, wish: OperationDraft, context: PlanContext): Operation {
  const known = draft.next.operations.find(
    ({ idempotencyKey }) => idempotencyKey !== undefined && idempotencyKey === wish.idempotencyKey,
  )
  if (known !== undefined) {
    const conflict = otherUnderKey(known, wish)
    if (conflict !== undefined) throw conflict
    return known
  }
  const limit = context.settings['operations.queued-per-device']
  if (draft.next.operations.length >= limit) {
    throw new UsageError('operation.queue-full', `${limit} operations wait for ${device.endpoint} already`, {
      status: 409,
      hint: "'coapstan operations' shows them; cancel what is not wanted any more",
    })
  }
  const checked = checkDraft(wish, context.views.of(draft.next), draft.next.registration !== undefined)
  if (isRefusal(checked)) throw refusedBy(checked)
  const operation = operationOf(draft, device, { ...wish, path: checked.path }, context)
  const overtaken = supersededBy(operation.kind, operation.path, draft.next.operations)
  if (overtaken !== undefined)
    finish(draft, overtaken, { state: 'cancelled', reason: 'superseded', detail: `by operation ${operation.id}` })
  for (const opposed of draft.next.operations) {
    if (takesBack(operation, opposed))
      finish(draft, opposed, { state: 'cancelled', reason: 'superseded', detail: `by operation ${operation.id}` })
  }
  if (isObserve(operation.kind)) wantObserved(draft, device.id, operation.path, 'operator', checked.attributes)
  if (operation.kind === 'cancel-observe') {
    const done = cancelIntent(draft, operation)
    if (done !== undefined) return done
  }
  enqueue(draft, operation)
  return operation
}

/** Whether `later` asks for the opposite of what `earlier` asks and the device has not heard of yet. */
function takesBack(later: Operation, earlier: Operation): boolean {
  const isOpposite =
    (isObserve(later.kind) && earlier.kind === 'cancel-observe') ||
    (later.kind === 'cancel-observe' && isObserve(earlier.kind))
  return isOpposite && earlier.path === later.path && earlier.attempts === 0
}

/**
 * Ends the operator's intent where the device need not hear of it: others want the same, or it is not
 * registered. Undefined where it is to be told.
 */
function cancelIntent(draft: Draft, operation: Operation): Operation | undefined {
  const observation = intentAt(draft, operation.path)
  const others = observation?.origins.filter((origin) => origin !== 'operator') ?? []
  if (others.length === 0 && draft.next.registration !== undefined) return undefined
  if (observation !== undefined) release(draft, observation, 'operator')
  if (others.length === 0) return finish(draft, operation, { state: 'acknowledged' })
  const whose = others.map((origin) => keepers[origin]).join(' and ')
  return finish(draft, operation, { state: 'acknowledged', detail: `it stays observed: ${whose} wants it, too` })
}

const keepers: Readonly<Record<ObservationOrigin, string>> = {
  operator: 'an operator',
  firmware: 'the firmware update',
  rule: 'a rule',
}

function cancel(draft: Draft, id: number, context: PlanContext): Operation {
  const operation = draft.next.operations.find((other) => other.id === id)
  if (operation === undefined) {
    throw new UsageError('operation.finished', `operation ${id} does not wait any more`, {
      status: 409,
      hint: `'coapstan operations ${draft.next.endpoint}' shows what became of it`,
    })
  }
  const detail = operation.state === 'sent' ? 'it was with the device already and may have run' : undefined
  const ended = finish(draft, operation, {
    state: 'cancelled',
    reason: 'cancelled-by-operator',
    ...(detail === undefined ? {} : { detail }),
  })
  if (ended.origin === 'firmware') planFirmware(draft, { input: 'operation-finished', operation: ended }, context)
  return ended
}
