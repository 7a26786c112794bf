/** What the bootstrap server asks of the process around it; associations of its listener are kept apart from the others'. */
import { isOfAssociations } from '../../fleet/associations/store.ts'
import type { EventDraft } from '../../fleet/events/types.ts'
import type { StoreOp } from '../../fleet/store.ts'
import type { CommitTicket, LinkOutput } from '../ports.ts'

export interface BootstrapOutput extends LinkOutput {
  /** Answered by `committed` or `commitFailed`, never from inside the call; events get their id and time with it. */
  commit(ticket: CommitTicket, ops: readonly StoreOp[], events?: readonly EventDraft[]): void
}

/** Associations of this listener are kept apart from the others'. */
export function linkOps(ops: readonly StoreOp[]): readonly StoreOp[] {
  return ops.map((op) => (isOfAssociations(op) ? { op: 'bootstrap.association', change: op } : op))
}

/** What the secured link of the bootstrap listener has of it. */
export function linkOutput(output: BootstrapOutput): LinkOutput {
  return {
    send: (path, buffer, start, end) => output.send(path, buffer, start, end),
    commit: (ticket, ops) => output.commit(ticket, linkOps(ops)),
    addressOf: (path) => output.addressOf(path),
    pathOf: (remote, secured) => output.pathOf(remote, secured),
    lookup: (ticket, query) => output.lookup(ticket, query),
    recall: (ticket) => output.recall(ticket),
    handshake: (now, report) => output.handshake(now, report),
  }
}
