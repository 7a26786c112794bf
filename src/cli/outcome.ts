/**
 * Asking something of a device and waiting for what becomes of it. What is asked is kept by the server:
 * giving up here takes nothing back, and says so.
 */
import { durationText } from '../base/duration-text.ts'
import { randomUUID } from 'node:crypto'
import type { OperationDraftJson, OperationJson } from '../api/contract/operation.ts'
import { CommandFailure, Interrupted } from './failure.ts'
import { withSpinner } from './progress.ts'
import type { Session } from './session.ts'
import { counted, relativeTime } from './style.ts'

export interface Ask {
  readonly endpoint: string
  readonly draft: OperationDraftJson
  readonly patience?: Patience
}

/** How long to wait for a device, and how the operation stands in its queue. */
export type Patience = Waiting & {
  /** 0 first … 9 last. */
  readonly priority?: number
  /** Milliseconds after which it is given up. */
  readonly expireAfter?: number
  /** Asked twice under one key it is done once. */
  readonly key?: string
}

type Waiting =
  /** Not at all: return as soon as the server has it. */
  | { readonly patience: 'detached' }
  /** For one that listens; one that sleeps, or is away, is asked when it comes, and that is good. */
  | { readonly patience: 'at-wake' }
  /** For a sleeping one, too. */
  | { readonly patience: 'wait'; readonly milliseconds: number }
  /** For one that listens; that it sleeps is said at once. */
  | { readonly patience: 'awake' }

/** Milliseconds of the first wait: time for a request to leave, should the device be listening. */
const firstWait = 300
/** Milliseconds of the others: well below what a server may cut a wait to. */
const longestWait = 5000

/**
 * The operation once the device has said yes, or still open where `patience` allows that. Throws
 * CommandFailure for every other end, and after the timeout.
 */
export async function outcomeOf(session: Session, ask: Ask): Promise<OperationJson> {
  let operation: OperationJson | undefined
  const noted = (one: OperationJson): void => void (operation = one)
  const text = (): string => waitingText(ask.endpoint, operation)
  try {
    operation = await withSpinner(session.surroundings, text, () => followed(session, ask, noted))
  } catch (error) {
    if (error instanceof Interrupted && operation === undefined) {
      throw new Interrupted([`the server may have it all the same: coapstan operations ${ask.endpoint}`])
    }
    if (operation === undefined || !(error instanceof CommandFailure)) throw error
    const { message, exitCode, advice } = error
    throw new CommandFailure(message, { exitCode, advice: [...advice, ...afterwards(operation)], cause: error })
  }
  const patience = ask.patience?.patience ?? 'awake'
  if (operation.state === 'acknowledged' || patience === 'detached') return operation
  if (operation.finishedAt !== undefined) throw failureOf(operation)
  if (patience === 'at-wake' && isOutOfReach(operation)) return operation
  const why = `no outcome yet: ${whyItWaits(operation)}${await expectation(session, operation)}`
  const isLeft = patience !== 'wait' && isAsleep(operation)
  const advice = isLeft ? ['wait for it with --wait 10m; --at-wake is content with that'] : []
  throw new CommandFailure(why, { exitCode: 1, advice: [...advice, ...afterwards(operation)] })
}

/** The operation as far as patience goes, whatever became of it; `noted` hears of each state on the way. */
export async function followed(
  session: Session,
  { endpoint, draft, patience = { patience: 'awake' } }: Ask,
  noted: (operation: OperationJson) => void = () => undefined,
): Promise<OperationJson> {
  const { client, surroundings, timeout } = session
  const { now, interrupted } = surroundings
  const until = now() + (patience.patience === 'wait' ? patience.milliseconds : timeout)
  const waitFor = (most: number): { wait: string } => ({ wait: `${Math.max(0, Math.min(most, until - now()))}ms` })
  const isDetached = patience.patience === 'detached'
  const { priority, expireAfter, key = randomUUID() } = patience
  const place = {
    ...(priority !== undefined && { priority }),
    ...(expireAfter !== undefined && { deadline: new Date(now() + expireAfter).toISOString() }),
  }
  let operation = await client.call(
    'submitOperation',
    {
      params: { endpoint },
      query: isDetached ? {} : waitFor(firstWait),
      body: { ...draft, ...place },
      headers: { 'idempotency-key': key },
    },
    longestWait,
  )
  noted(operation)
  /** A sleeping device is not waited for unless told to. */
  const isLeft = (): boolean =>
    isDetached ||
    (patience.patience === 'awake' && isAsleep(operation)) ||
    (patience.patience === 'at-wake' && isOutOfReach(operation))
  while (operation.finishedAt === undefined && !isLeft() && now() < until) {
    if (interrupted.aborted) throw new Interrupted()
    operation = await client.call(
      'readOperation',
      { params: { id: operation.id }, query: waitFor(longestWait) },
      longestWait,
    )
    noted(operation)
  }
  return operation
}

function isAsleep({ state, reason }: OperationJson): boolean {
  return state === 'queued' && reason === 'device-asleep'
}

function isOutOfReach(operation: OperationJson): boolean {
  return isAsleep(operation) || (operation.state === 'queued' && operation.reason === 'device-offline')
}

/** `, expected in 3 h`, of a device that sleeps. */
async function expectation({ client, surroundings }: Session, { endpoint, reason }: OperationJson): Promise<string> {
  if (reason !== 'device-asleep') return ''
  const { nextExpectedAt } = await client.call('readDevice', { params: { endpoint } })
  return nextExpectedAt === undefined ? '' : `, expected ${relativeTime(nextExpectedAt, surroundings.now())}`
}

/** `operation 17 is queued`, with what it waits for. */
export async function queuedSentence(session: Session, operation: OperationJson): Promise<string> {
  const { id, state } = operation
  if (!isOutOfReach(operation)) return `operation ${id} is ${state}`
  return `operation ${id} is ${state}: ${whyItWaits(operation)}${await expectation(session, operation)}`
}

function afterwards({ id, endpoint, deadline }: OperationJson): string[] {
  return [
    `operation ${id} stays with the server until ${deadline}`,
    `see what becomes of it: coapstan operations ${endpoint} --follow`,
    `take it back: coapstan operations cancel ${id}`,
  ]
}

function waitingText(endpoint: string, operation: OperationJson | undefined): string {
  return operation === undefined ? `waiting for ${endpoint}` : `waiting for ${endpoint}: ${whyItWaits(operation)}`
}

function whyItWaits({ state, reason, attempts, notBefore }: OperationJson): string {
  switch (reason) {
    case 'device-busy':
      return `the device could not do it just now, and is asked again at ${notBefore ?? 'once'}`
    case 'device-asleep':
      return 'the device is asleep, and asked as soon as it wakes'
    case 'device-offline':
      return 'the device is not registered, and asked as soon as it is'
    case 'behind-another':
      return 'another operation of the device goes first'
    default:
      return state === 'sent' || attempts > 0 ? 'the device has not answered' : 'it is about to be sent'
  }
}

/** How an operation ended that did not end well. */
export function failureOf(operation: OperationJson): CommandFailure {
  const { reason, detail, code, attempts, endpoint, path, deadline, createdAt, id } = operation
  const say = (message: string, ...advice: string[]): CommandFailure =>
    new CommandFailure(detail === undefined ? message : `${message}: ${detail}`, { exitCode: 1, advice })
  switch (reason) {
    case 'rejected':
      return new CommandFailure(`the device said no: ${detail ?? code ?? 'without a code'}`, {
        exitCode: 1,
        advice: adviceOn(code, endpoint, path),
      })
    case 'timed-out':
      return say(
        `the device did not answer, asked ${counted(attempts, 'time')}`,
        `is it on? coapstan devices show ${endpoint}`,
      )
    case 'reset':
      return say('the device knows nothing of the request and reset it', 'it may have restarted: try again')
    case 'undecodable':
      return say('the answer could not be understood', `its octets: coapstan operations show ${id}`)
    case 'outcome-unknown':
      return say(
        'nobody knows whether the device did it: the server was stopped in between',
        `look: coapstan read ${endpoint} ${path}`,
      )
    case 'deadline':
      return say(`the device was not reached within ${durationText(Date.parse(deadline) - Date.parse(createdAt))}`)
    case 'cancelled-by-operator':
      return say('the operation was cancelled')
    case 'device-gone':
      return say('the device is gone, or no longer has the path')
    case 'superseded':
      return say('a later operation took its place')
    default:
      return say(`the operation is ${operation.state}`)
  }
}

function adviceOn(code: string | undefined, endpoint: string, path: string): string[] {
  if (code === '4.04') return [`what there is: coapstan discover ${endpoint} /${path.split('/')[1] ?? ''}`]
  if (code === '4.05') return ['the object does not allow this for the resource']
  return []
}
