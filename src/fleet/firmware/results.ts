/** Why updates fail, in words: the results of object 5 (and 33629), and what each failure means for another try. */
import type { FirmwareUpdate, UpdateFailure } from './types.ts'

/**
 * permanent: the same again fails again · transient: another try may do · inspect: somebody should look at
 * the device or the image first.
 */
export type RetryClass = 'permanent' | 'transient' | 'inspect'

interface FailureMeaning {
  readonly words: string
  readonly retry: RetryClass
}

const meanings: Readonly<Record<UpdateFailure, FailureMeaning>> = {
  'no-flash': { words: 'the device has not enough flash for the package', retry: 'permanent' },
  'no-ram': { words: 'the device ran out of RAM during the download', retry: 'transient' },
  'connection-lost': { words: 'the device lost its connection during the download', retry: 'transient' },
  integrity: {
    words: 'the integrity check of the package failed on the device: a damaged image, or a signature it does not trust',
    retry: 'inspect',
  },
  'package-type': { words: 'the device does not support this type of package', retry: 'permanent' },
  uri: { words: 'the device cannot use the package URI', retry: 'permanent' },
  'install-failed': { words: 'the device could not install the package', retry: 'inspect' },
  protocol: { words: 'the device does not support the protocol of the package URI', retry: 'permanent' },
  'cancelled-on-device': { words: 'the update was cancelled on the device', retry: 'inspect' },
  conflict: { words: 'the package conflicts with another that is being installed', retry: 'transient' },
  dependency: { words: 'the package needs another one that is not installed', retry: 'permanent' },
  'unknown-result': { words: 'the device reports an update result nobody knows', retry: 'inspect' },
  'no-object': { words: 'the device has no object that takes the package', retry: 'permanent' },
  'other-version': { words: 'the device runs another version than its way begins at', retry: 'transient' },
  'delivery-method': { words: 'the device does not take packages this way', retry: 'permanent' },
  'offer-refused': { words: 'the device refused the package', retry: 'inspect' },
  'install-refused': { words: 'the device refused the install command', retry: 'inspect' },
  unreachable: { words: 'the device did not answer', retry: 'transient' },
  'download-stopped': { words: 'the device stopped its download', retry: 'transient' },
  stalled: { words: 'the device made no progress', retry: 'transient' },
  silent: { words: 'the new version was not seen in time', retry: 'inspect' },
  'not-registered-again': { words: 'the device did not register again after the install command', retry: 'inspect' },
  'not-installed': { words: 'the device came back without having installed the image', retry: 'inspect' },
  'version-untold': { words: 'the device does not say which version it runs', retry: 'inspect' },
  reverted: { words: 'the device went back to the version it ran before', retry: 'inspect' },
  'reverted-later': {
    words: 'the device went back to the version it ran before after it was confirmed',
    retry: 'inspect',
  },
  unhealthy: { words: 'the new version did not stand its health window', retry: 'inspect' },
}

/** What another update to the same image is worth after this failure. */
export function retryOf(failure: UpdateFailure): RetryClass {
  return meanings[failure].retry
}

export function wordsOf(failure: UpdateFailure): string {
  return meanings[failure].words
}

/**
 * What a device says of a delta that it cannot apply (/5/0/5 = 5, 6 or 8): patched to something else, no format it
 * knows, not installed. The whole image may do (fleet-ota.md row 46).
 */
const deltaRefusals: ReadonlySet<UpdateFailure | undefined> = new Set(['integrity', 'package-type', 'install-failed'])

export function isDeltaRefused({ state, options, failure }: FirmwareUpdate): boolean {
  return state === 'failed' && options?.delta !== undefined && deltaRefusals.has(failure)
}

/** The same of a result, with what it is about. */
export function wordsOfResult(failure: UpdateFailure, result: number, packageUri: string): string {
  if (failure === 'unknown-result') return `the device reports the unknown update result ${result}`
  if (failure !== 'uri') return wordsOf(failure)
  return `the device cannot use the package URI ${packageUri}: it cannot parse it, or finds nothing there`
}

/** Values of /5/0/5 that are no failure. */
export const isBenign = (result: number): boolean => result === 0 || result === 1
/** The device installs it later, by itself. */
export const deferred = 11

/** By the value of /5/0/5 (object 5 v1.2; 12 and 13 are object 33629's). */
const byResult: readonly (UpdateFailure | undefined)[] = [
  undefined,
  undefined,
  'no-flash',
  'no-ram',
  'connection-lost',
  'integrity',
  'package-type',
  'uri',
  'install-failed',
  'protocol',
  'cancelled-on-device',
  undefined,
  'conflict',
  'dependency',
]

/** The failure a result stands for; undefined for those that are none (0, 1, 11). */
export function failureOf(result: number): UpdateFailure | undefined {
  if (isBenign(result) || result === deferred) return undefined
  return byResult[result] ?? 'unknown-result'
}
