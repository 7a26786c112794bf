/**
 * Whether an operation makes sense for a device before a datagram is spent on it: level of the path,
 * version, registered objects, operations and mandatory resources of the model. `force` skips what only
 * the model or the registration rules out.
 */
import { checkAttributes, type NotificationAttributes } from '../attributes.ts'
import type { ResourceDefinition } from '../model/definition.ts'
import { describePath } from '../model/names.ts'
import { cutPath, formatPath, levelOf, type Level, type Path } from '../path.ts'
import { isRefusal, refuse, refuseUnlessForced, type Refusal } from '../refusal.ts'
import { supports } from '../supported-objects.ts'
import type { DeviceView } from './device-view.ts'
import { parseOperation, type Operation, type OperationSpec } from './operation.ts'

export interface PrepareOptions {
  /** Send what the model or the registration rules out, too. */
  readonly force?: boolean
}

/** Reads and checks an operation. What comes back can be turned into a request. */
export function prepareOperation(
  spec: OperationSpec,
  device: DeviceView,
  { force = false }: PrepareOptions = {},
): Operation | Refusal {
  const operation = parseOperation(spec, device.model, force)
  if (isRefusal(operation)) return operation
  const refusal = checkOperation(operation, device)
  return refusal === undefined || (force && refusal.forcible) ? operation : refusal
}

/** Why the operation should not be sent, or undefined. */
export function checkOperation(operation: Operation, device: DeviceView): Refusal | undefined {
  switch (operation.kind) {
    case 'read-composite':
    case 'cancel-observe-composite':
      return needs('1.1', 'Composite operations', device) ?? first(operation.paths, (path) => checkRead(path, device))
    case 'observe-composite':
      return (
        needs('1.1', 'Composite operations', device) ??
        first(operation.paths, (path) => checkRead(path, device) ?? checkComposite(operation.attributes, path, device))
      )
    case 'write-composite':
      return (
        needs('1.1', 'Composite operations', device) ??
        first(operation.entries, ({ path }) => checkRegistered(path, device) ?? checkWritable(path, device))
      )
    default:
      return checkLevel(operation, device) ?? checkRegistered(operation.path, device) ?? checkKind(operation, device)
  }
}

function first<T>(items: readonly T[], check: (item: T) => Refusal | undefined): Refusal | undefined {
  for (const item of items) {
    const refusal = check(item)
    if (refusal !== undefined) return refusal
  }
  return undefined
}

type OnePath = Extract<Operation, { path: Path }>

const levels: Readonly<Record<OnePath['kind'], readonly Level[]>> = {
  read: ['object', 'instance', 'resource', 'resource-instance'],
  write: ['instance', 'resource', 'resource-instance'],
  'write-partial': ['instance', 'resource'],
  execute: ['resource'],
  create: ['object'],
  delete: ['instance', 'resource-instance'],
  discover: ['object', 'instance', 'resource'],
  'write-attributes': ['object', 'instance', 'resource', 'resource-instance'],
  observe: ['object', 'instance', 'resource', 'resource-instance'],
  'cancel-observe': ['object', 'instance', 'resource', 'resource-instance'],
}

function checkLevel({ kind, path }: OnePath, device: DeviceView): Refusal | undefined {
  const level = levelOf(path)
  if (!levels[kind].includes(level)) {
    const wanted = levels[kind].map((each) => each.replace('-', ' ')).join(', ')
    return refuse('path.level', `'${kind}' takes the path of ${wanted}; ${formatPath(path)} is none.`)
  }
  if (level !== 'resource-instance') return undefined
  // Single resource instances can be read and written from 1.1, deleted from 1.2 (LwM2M Core 1.2 §6.3).
  return needs(kind === 'delete' ? '1.2' : '1.1', `'${kind}' of a resource instance`, device)
}

function needs(version: '1.1' | '1.2', what: string, device: DeviceView): Refusal | undefined {
  if (device.version >= version) return undefined
  const message = `${what} came with LwM2M ${version}; the device registered with ${device.version}.`
  return refuseUnlessForced('operation.needs-version', message)
}

function checkRegistered(path: Path, device: DeviceView): Refusal | undefined {
  if (supports(device.supported, path)) return undefined
  const object = device.supported.objects.get(path[0]!)
  const has =
    object === undefined
      ? `objects ${[...device.supported.objects.keys()].sort((a, b) => a - b).join(', ') || 'none'}`
      : `instances ${object.instances.map((id) => `/${path[0]}/${id}`).join(', ')}`
  const where = describePath(cutPath(path, object === undefined ? 1 : 2), device.model)
  return refuseUnlessForced('path.not-registered', `The device did not register ${where}.`, `it registered ${has}`)
}

function checkKind(operation: OnePath, device: DeviceView): Refusal | undefined {
  const { kind, path } = operation
  switch (kind) {
    case 'read':
    case 'cancel-observe':
      return checkRead(path, device)
    case 'observe': {
      return checkRead(path, device) ?? checkAttributes(operation.attributes, path, device.version, device.model)
    }
    case 'write-attributes':
      return checkInModel(path, device) ?? checkAttributes(operation.attributes, path, device.version, device.model)
    case 'write':
    case 'write-partial':
      return first(operation.entries, (entry) => checkWritable(entry.path, device))
    case 'execute':
      return checkInModel(path, device) ?? checkAllows('E', 'executed', path, device)
    case 'create':
      return checkCreate(operation, device)
    case 'delete':
      return undefined
    case 'discover':
      return operation.depth === undefined ? undefined : needs('1.2', 'A depth', device)
  }
}

/** Before 1.2 they are written to each path, and nothing can be written to the root (LwM2M Core 1.2 §§5.1.2, 6.4). */
function checkComposite(attributes: NotificationAttributes, path: Path, device: DeviceView): Refusal | undefined {
  if (Object.keys(attributes).length === 0) return undefined
  const onRoot = path.length > 0 ? undefined : needs('1.2', "Attributes of an observation of '/'", device)
  return onRoot ?? checkAttributes(attributes, path, device.version, device.model)
}

function checkRead(path: Path, device: DeviceView): Refusal | undefined {
  return checkRegistered(path, device) ?? checkInModel(path, device) ?? checkAllows('R', 'read', path, device)
}

function checkWritable(path: Path, device: DeviceView): Refusal | undefined {
  return checkInModel(path, device) ?? checkAllows('W', 'written', path, device)
}

/** An object without a definition may have anything. */
function checkInModel(path: Path, device: DeviceView): Refusal | undefined {
  const [objectId, , resourceId] = path
  const object = objectId === undefined ? undefined : device.model.object(objectId)
  if (object === undefined || resourceId === undefined || device.model.resource(path) !== undefined) return undefined
  const message = `Object ${object.id} (${object.name}) has no resource ${resourceId}.`
  return refuseUnlessForced('path.not-in-model', message, `see 'coapstan objects show ${object.id}'`)
}

function checkAllows(letter: 'R' | 'W' | 'E', done: string, path: Path, device: DeviceView): Refusal | undefined {
  const resource = device.model.resource(path)
  if (resource === undefined || resource.operations.includes(letter)) return undefined
  const where = describePath(cutPath(path, 3), device.model)
  return refuseUnlessForced('operation.not-allowed', `${where} cannot be ${done}: ${allowedSentence(resource)}.`)
}

function allowedSentence(resource: ResourceDefinition): string {
  switch (resource.operations) {
    case 'R':
      return 'it is read-only'
    case 'W':
      return 'it is write-only'
    case 'RW':
      return 'it can be read and written'
    case 'E':
      return 'it can only be executed'
    case '':
      return 'only a bootstrap server may touch it'
  }
}

function checkCreate(operation: Extract<Operation, { kind: 'create' }>, device: DeviceView): Refusal | undefined {
  const object = device.model.object(operation.path[0]!)
  if (object === undefined) return undefined
  if (!object.multiple) {
    const message = `Object ${object.id} (${object.name}) has one instance only; no other can be created.`
    return refuseUnlessForced('operation.not-allowed', message)
  }
  const given = new Set(operation.entries.map((entry) => entry.path[2]))
  const missing = [...object.resources.values()].filter(
    (resource) => resource.mandatory && resource.operations.includes('W') && !given.has(resource.id),
  )
  if (missing.length > 0) {
    const list = missing.map((resource) => `${resource.id} (${resource.name})`).join(', ')
    return refuseUnlessForced('value.missing-mandatory', `A new ${object.name} needs a value for ${list}.`)
  }
  // Values of read-only resources are allowed here: the instance has to start with something.
  return first(operation.entries, (entry) => checkInModel(entry.path, device))
}
