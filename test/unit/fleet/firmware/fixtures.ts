/** Updates in each state, and every kind of input, for the tests of the firmware machine. */
import { days, instantOf, minutes, seconds } from '../../../../src/base/time.ts'
import { nulPackage, type FirmwareAction, type FirmwareRules } from '../../../../src/fleet/firmware/course.ts'
import { imageOfValue, valueOfImage } from '../../../../src/fleet/operations/types.ts'
import type { FinishedOperation } from '../../../../src/fleet/firmware/endings.ts'
import { newUpdate, type FirmwareInput } from '../../../../src/fleet/firmware/rules.ts'
import type { FirmwareReport, FirmwareUpdate, UpdateState } from '../../../../src/fleet/firmware/types.ts'
import type { Image } from '../../../../src/fleet/images/types.ts'
import { at, device, start } from '../fixtures.ts'

export const image: Image = {
  sha256: 'ab'.repeat(32),
  key: 'abababababab',
  size: 2048,
  version: '2.0.0',
  product: 'meter',
  addedAt: start,
  format: 'opaque',
}

export const rules: FirmwareRules = {
  packageUri: 'coap://192.0.2.1/fw/abababababab',
  rebootGrace: minutes(15),
  listeningSince: instantOf(0),
  stall: days(7),
  attempts: 2,
  backoff: minutes(10),
  backoffLimit: days(1),
  health: { window: minutes(0), uplinks: 0 },
  isRegistered: true,
  lwm2mVersion: '1.0',
}

const fresh: FirmwareUpdate = newUpdate(1, device, { image }, start)
const begun: FirmwareUpdate = {
  ...fresh,
  fromVersion: '1.0.0',
  registration: 'r1',
  registrationAtOffer: 'r1',
  seen: { firmwareVersion: '1.0.0', state: 0, result: 0 },
  dueAt: at(1000),
}

/** As the machine leaves them after an undisturbed course through registration `r1`. */
export const updates: Readonly<Record<UpdateState, FirmwareUpdate>> = {
  pending: { ...fresh, registration: 'r1', seen: {} },
  offered: { ...begun, state: 'offered' },
  downloading: { ...begun, state: 'downloading', fetched: 1024, blockSize: 512 },
  downloaded: { ...begun, state: 'downloaded', fetched: 2048 },
  updating: { ...begun, state: 'updating', fetched: 2048, registrationAtUpdate: 'r1' },
  proving: {
    ...begun,
    state: 'proving',
    fetched: 2048,
    registrationAtUpdate: 'r0',
    seen: { firmwareVersion: '2.0.0', state: 0, result: 1 },
    provingSince: at(0),
    options: { health: { window: seconds(1000) } },
  },
  cancelling: { ...begun, state: 'cancelling', fetched: 1024 },
  confirmed: { ...begun, state: 'confirmed', finishedAt: at(1) },
  failed: { ...begun, state: 'failed', reason: 'reverted', finishedAt: at(1) },
  cancelled: { ...begun, state: 'cancelled', finishedAt: at(1) },
  gone: { ...begun, state: 'gone', finishedAt: at(1) },
}

export const registered = (registrationId: string): FirmwareInput => ({ input: 'registered', registrationId })
export const report = (seen: FirmwareReport): FirmwareInput => ({ input: 'report', report: seen })
export const block = (offset: number, length = 512): FirmwareInput => moved('block-served', offset, length)
export const pushedBlock = (offset: number, length = 512): FirmwareInput => moved('block-pushed', offset, length)

function moved(input: 'block-served' | 'block-pushed', offset: number, length: number): FirmwareInput {
  return { input, offset, length, size: image.size, blockSize: 512 }
}

type Ending = 'acknowledged' | 'rejected' | 'undecodable' | 'expired' | 'outcome-unknown' | 'cancelled'

export function ended(
  what: 'offer' | 'reset' | 'push' | 'nul' | 'install' | 'cancel' | 'read /5/0' | 'read /3/0/3' | 'observe',
  as: Ending,
): Extract<FirmwareInput, { input: 'operation-finished' }> {
  const asked = {
    offer: { kind: 'write', path: '/5/0/1', value: rules.packageUri },
    reset: { kind: 'write', path: '/5/0/1', value: '' },
    push: { kind: 'write', path: '/5/0/0', value: valueOfImage(image.sha256) },
    nul: { kind: 'write', path: '/5/0/0', value: nulPackage },
    install: { kind: 'execute', path: '/5/0/2' },
    cancel: { kind: 'execute', path: '/5/0/10' },
    'read /5/0': { kind: 'read', path: '/5/0' },
    'read /3/0/3': { kind: 'read', path: '/3/0/3' },
    observe: { kind: 'observe', path: '/5/0/3' },
  } as const
  const endings: Record<Ending, Pick<FinishedOperation, 'state' | 'reason' | 'code'>> = {
    acknowledged: { state: 'acknowledged', code: '2.04' },
    rejected: { state: 'failed', reason: 'rejected', code: '4.05' },
    undecodable: { state: 'failed', reason: 'undecodable', code: '2.05' },
    expired: { state: 'expired', reason: 'deadline' },
    'outcome-unknown': { state: 'failed', reason: 'outcome-unknown' },
    cancelled: { state: 'cancelled', reason: 'cancelled-by-operator' },
  }
  return { input: 'operation-finished', operation: { ...asked[what], ...endings[as] } }
}

/** Actions in a word each: what is asked of the device, or `withdraw`. */
export function wordsOf(actions: readonly FirmwareAction[]): string {
  return actions
    .map((action) => {
      if (action.action === 'withdraw') return 'withdraw'
      const { kind, path, value } = action.draft
      if (kind === 'write')
        return imageOfValue(value) !== undefined
          ? 'push'
          : value === nulPackage
            ? 'nul'
            : value === ''
              ? 'reset'
              : 'offer'
      if (kind !== 'execute') return `${kind} ${path}`
      return path === '/5/0/2'
        ? 'install'
        : path === '/5/0/10'
          ? 'cancel'
          : `execute ${path}${typeof value === 'string' ? ` ${value}` : ''}`
    })
    .join(', ')
}
