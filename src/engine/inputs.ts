/** Everything that can happen to a device's actor, as data. */
import type { Bytes } from '../base/bytes.ts'
import type { Duration, Instant } from '../base/time.ts'
import type { ExchangeId, Peer, RequestId } from '../coap/types.ts'
import type { Command } from '../fleet/commands.ts'
import type { Operation, OperationId } from '../fleet/operations/types.ts'
import type { RegisterRequest, UpdateRequest } from '../lwm2m/registration.ts'
import type { OperationAnswer } from './answers.ts'
import type { EndpointName } from '../fleet/registry/types.ts'
import type { RemoteEndpoint } from './ports.ts'

/** Who a message is from, as far as it has proved it. */
export type Sender =
  | { readonly secured: false; readonly peer: Peer; readonly remote: RemoteEndpoint }
  | {
      readonly secured: true
      readonly peer: Peer
      readonly remote: RemoteEndpoint
      /** The name its credential stands for; undefined where it stands for none. */
      readonly endpoint: EndpointName | undefined
    }

/** From the wire: the peer repeats itself if we stay silent. */
export type UplinkInput =
  | {
      readonly input: 'register'
      readonly exchange: ExchangeId
      readonly from: Sender
      readonly request: RegisterRequest
      readonly messageId: number
      /** Hex. */
      readonly token: string
      /** For the new location, should there be one. */
      readonly newId: string
    }
  | {
      readonly input: 'update'
      readonly exchange: ExchangeId
      readonly from: Sender
      readonly registrationId: string
      readonly request: UpdateRequest
    }
  | {
      readonly input: 'deregister'
      readonly exchange: ExchangeId
      readonly from: Sender
      readonly registrationId: string
    }
  | {
      readonly input: 'notification'
      readonly exchange: ExchangeId
      readonly from: Sender
      /** Hex. */
      readonly token: string
      readonly code: number
      readonly sequence: number | undefined
      readonly messageId: number
      readonly contentFormat: number | undefined
      /** A copy. */
      readonly payload: Bytes
      readonly more: boolean
    }
  | {
      readonly input: 'send'
      readonly exchange: ExchangeId
      readonly from: Sender
      readonly contentFormat: number | undefined
      /** A copy. */
      readonly payload: Bytes
    }
  /** Telemetry of a device that speaks no LwM2M. */
  | {
      readonly input: 'data'
      readonly exchange: ExchangeId
      readonly from: Sender
      /** Nothing but its own word says which device it is. */
      readonly claimed: boolean
      readonly contentFormat: number | undefined
      /** A copy. */
      readonly payload: Bytes
    }
  | {
      readonly input: 'configuration'
      readonly exchange: ExchangeId
      readonly from: Sender
      readonly claimed: boolean
      /** What it accepts. */
      readonly format: number
      /** Hex. */
      readonly token: string
      /** It wants to hear of changes, as this datagram says (a copy), or no longer; undefined where it only asks. */
      readonly observe: Bytes | 'cancel' | undefined
    }

/** What an answer, or its absence, says of how long the device listens after an uplink. */
export type SleepSign =
  | { readonly sign: 'answered'; readonly after: Duration }
  /** Asked so long after the uplink, and it stayed silent. */
  | { readonly sign: 'missed'; readonly after: Duration }

/** What every answer of a device brings along. */
interface Answered {
  readonly answer: OperationAnswer
  readonly sleep?: SleepSign
  /** It came as a message of its own, to be acknowledged once its effect is durable. */
  readonly exchange?: ExchangeId
}

/** From ourselves: nobody repeats these, so a failed commit is tried again. */
export type InternalInput =
  | (Answered & {
      readonly input: 'outcome'
      readonly operationId: OperationId
      /** An observe that carried its attributes. */
      readonly withAttributes: boolean
    })
  | (Answered & { readonly input: 'observed'; readonly path: string; readonly withAttributes: boolean })
  | (Answered & { readonly input: 'attributed'; readonly path: string })
  /** What we asked by ourselves to know the device. */
  | (Answered & { readonly input: 'inquired'; readonly path: string })
  /** A notification came in blocks and the device does not give the others. */
  | { readonly input: 'rest-missed'; readonly token: string; readonly exchange?: ExchangeId }
  | {
      readonly input: 'block-served' | 'block-pushed'
      /** Asked for, or taken, by the device itself as far as it has proved who it is; others only name it. */
      readonly isOwn: boolean
      readonly offset: number
      readonly length: number
      readonly size: number
      readonly blockSize: number
    }
  /** What came of telling an observer of its configuration; refused: it is none any more. */
  | {
      readonly input: 'configuration-told'
      /** Hex. */
      readonly token: string
      readonly told: 'refused' | { readonly changedAt: Instant | undefined }
    }
  /** A deadline of the device may have passed. */
  | { readonly input: 'due' }
  /** First time in memory since the process began: settles what was sent. */
  | { readonly input: 'recovered' }

export type CommandInput = { readonly input: 'command'; readonly command: Command; readonly reply: CommandReply }

/** Made by the downlink when it has taken a message id for a queued operation. */
export type TransmitInput = {
  readonly input: 'transmit'
  readonly operation: Operation
  readonly request: RequestId
  readonly messageId: number
  readonly token: string
}

export type ActorInput = UplinkInput | InternalInput | CommandInput | TransmitInput

/** Nobody repeats these, so a failed commit is tried again. */
export function isInternal(input: ActorInput): input is InternalInput {
  switch (input.input) {
    case 'outcome':
    case 'observed':
    case 'attributed':
    case 'inquired':
    case 'rest-missed':
    case 'configuration-told':
    case 'block-served':
    case 'block-pushed':
    case 'due':
    case 'recovered':
      return true
    default:
      return false
  }
}

/** How a command's asker hears of it. */
export interface CommandReply {
  resolve(result: unknown): void
  reject(error: Error): void
}

/** Who sent the message an input was made of, where it was one of the device's own. */
export function spokeIn(input: ActorInput): Peer | undefined {
  return 'from' in input ? input.from.peer : undefined
}

/** An answer of the device to what we asked. */
export function isAnswer(input: ActorInput): boolean {
  const { input: kind } = input
  switch (kind) {
    case 'outcome':
    case 'observed':
    case 'attributed':
    case 'inquired':
    case 'configuration-told':
      return true
    default:
      return false
  }
}
