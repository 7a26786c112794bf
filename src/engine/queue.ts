/** A device's queue of operations: put in, changed, taken out, each with its row and its event. */
import { after, milliseconds } from '../base/time.ts'
import type { Operation, OperationDraft, OperationReason } from '../fleet/operations/types.ts'
import type { Device } from '../fleet/registry/types.ts'
import type { PlanContext } from './plan-context.ts'
import type { Draft } from './state.ts'

/** A row for what is asked now; the caller puts it into the queue. */
export function operationOf(draft: Draft, device: Device, wish: OperationDraft, context: PlanContext): Operation {
  return {
    id: draft.nextId('operationId'),
    deviceId: device.id,
    endpoint: device.endpoint,
    kind: wish.kind,
    path: wish.path,
    ...(wish.value === undefined ? {} : { value: wish.value }),
    priority: wish.priority ?? 5,
    state: 'queued',
    attempts: 0,
    createdAt: draft.now,
    deadline: wish.deadline ?? after(draft.now, milliseconds(context.settings['operations.deadline'])),
    ...(wish.idempotencyKey === undefined ? {} : { idempotencyKey: wish.idempotencyKey }),
    origin: wish.origin ?? 'operator',
  }
}

export type End = Partial<Pick<Operation, 'code' | 'result' | 'detail'>> & {
  readonly state: 'acknowledged' | 'failed' | 'expired' | 'cancelled'
  readonly reason?: OperationReason
}

/** Ends an open operation, writes the event, and takes it out of the queue. */
export function finish(draft: Draft, operation: Operation, end: End): Operation {
  const { reason: _, detail: __, ...rest } = operation
  const ended: Operation = { ...rest, ...end, finishedAt: draft.now }
  draft.ops.push({ op: 'operation.put', operation: ended })
  draft.change({ operations: draft.next.operations.filter(({ id }) => id !== operation.id) })
  draft.event('operation.finished', {
    operation: ended.id,
    kind: ended.kind,
    path: ended.path,
    state: ended.state,
    ...(ended.reason === undefined ? {} : { reason: ended.reason }),
    ...(ended.code === undefined ? {} : { code: ended.code }),
  })
  return ended
}

export function replace(draft: Draft, operation: Operation): void {
  draft.ops.push({ op: 'operation.put', operation })
  draft.change({ operations: draft.next.operations.map((other) => (other.id === operation.id ? operation : other)) })
}

/** Adds an operation at its place in the queue and writes the event. */
export function enqueue(draft: Draft, operation: Operation): void {
  draft.ops.push({ op: 'operation.put', operation })
  const queue = draft.next.operations
  const at = queue.findIndex((other) => other.priority > operation.priority)
  draft.change({ operations: at < 0 ? [...queue, operation] : queue.toSpliced(at, 0, operation) })
  draft.event('operation.queued', { operation: operation.id, kind: operation.kind, path: operation.path })
}
