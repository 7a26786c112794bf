/**
 * Object 5, Firmware Update, as a pure transition function: State × event → State, Result, the answer
 * and what has to be done. Knows nothing of blocks, flash or time.
 */
import type { Code } from '../objects/object-tree.ts'

/** /5/0/3 */
export const states = { idle: 0, downloading: 1, downloaded: 2, updating: 3 } as const
export type State = (typeof states)[keyof typeof states]

/** /5/0/5 */
export const results = {
  initial: 0,
  success: 1,
  noFlash: 2,
  noMemory: 3,
  connectionLost: 4,
  integrity: 5,
  packageType: 6,
  invalidUri: 7,
  updateFailed: 8,
  protocol: 9,
  cancelled: 10,
  deferred: 11,
} as const
export type Result = (typeof results)[keyof typeof results]

/** How a download can end badly. */
export type DownloadFailure = 2 | 3 | 4 | 5 | 6 | 7 | 9

export interface FirmwareState {
  readonly state: State
  readonly result: Result
  /** /5/0/1: what was last written, kept while it is being downloaded and applied. */
  readonly uri: string
}

export type FirmwareEvent =
  | { readonly kind: 'write-uri'; readonly uri: string; readonly refusal: 7 | 9 | undefined }
  | { readonly kind: 'write-package' }
  | { readonly kind: 'reset' }
  | { readonly kind: 'downloaded' }
  | { readonly kind: 'download-failed'; readonly result: DownloadFailure }
  | { readonly kind: 'execute-update'; readonly defer: boolean }
  | { readonly kind: 'deferral-over' }
  | { readonly kind: 'cancel' }
  | { readonly kind: 'updated' }
  | { readonly kind: 'update-failed' }

/** What the transition asks for: fetch the URI, take pushed blocks, drop what is staged, or swap slots and restart. */
export type FirmwareEffect = 'fetch' | 'receive' | 'discard' | 'install' | 'defer'

export interface Transition {
  readonly next: FirmwareState
  readonly code: Code
  readonly effect?: FirmwareEffect
}

export const initialFirmware: FirmwareState = { state: states.idle, result: results.initial, uri: '' }

/** The transition table of the LwM2M object 5 definition, with Anjay's answers where the text leaves room. */
export function transition(now: FirmwareState, event: FirmwareEvent): Transition {
  switch (event.kind) {
    case 'write-uri':
      if (now.state !== states.idle) return refused(now)
      // An unusable URI is a Result, the write itself succeeds.
      if (event.refusal !== undefined) return to(now, { state: states.idle, result: event.refusal, uri: event.uri })
      return to(now, { state: states.downloading, result: results.initial, uri: event.uri }, 'fetch')
    case 'write-package':
      if (now.state !== states.idle) return refused(now)
      return to(now, { state: states.downloading, result: results.initial, uri: '' }, 'receive')
    case 'reset':
      if (now.state === states.updating) return refused(now)
      return to(now, initialFirmware, 'discard')
    case 'downloaded':
      return to(now, { state: states.downloaded, result: results.initial })
    case 'download-failed':
      return to(now, { state: states.idle, result: event.result }, 'discard')
    case 'execute-update':
      if (now.state !== states.downloaded) return { next: now, code: '4.05' }
      if (event.defer) return to(now, { result: results.deferred }, 'defer')
      return to(now, { state: states.updating, result: results.initial }, 'install')
    case 'deferral-over':
      return now.state === states.downloaded && now.result === results.deferred
        ? to(now, { state: states.updating, result: results.initial }, 'install')
        : to(now, {})
    case 'cancel':
      if (now.state !== states.downloading && now.state !== states.downloaded) return { next: now, code: '4.05' }
      return to(now, { state: states.idle, result: results.cancelled, uri: '' }, 'discard')
    case 'updated':
      return to(now, { state: states.idle, result: results.success, uri: '' })
    case 'update-failed':
      return to(now, { state: states.idle, result: results.updateFailed, uri: '' }, 'discard')
  }
}

function to(now: FirmwareState, change: Partial<FirmwareState>, effect?: FirmwareEffect): Transition {
  return { next: { ...now, ...change }, code: '2.04', ...(effect === undefined ? {} : { effect }) }
}

/** While a package is there, another has to wait for a reset (4.00); while it is being installed, nothing is taken (4.05). */
function refused(now: FirmwareState): Transition {
  return { next: now, code: now.state === states.downloading || now.state === states.downloaded ? '4.00' : '4.05' }
}
