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
  'other-hardware': { words: 'the device has other hardware than the image runs on', retry: 'permanent' },
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
 * Results (/5/0/5) of a delta that may be due to its being one: no flash for it beside the image it makes (2), no RAM
 * to apply it (3), patched to something else (5), no format it knows (6), not installed (8), what it builds on is not
 * there (13). The whole image may do. The others would meet it as well: connection (4), URI (7), protocol (9), a
 * cancelled (10) or conflicting (12) update.
 */
const deltaRefusals: ReadonlySet<number> = new Set([2, 3, 5, 6, 8, 13])

/** Whether the device refuses the delta it is handed, and not only for now. */
export function isRefusalOfDelta({ options }: Pick<FirmwareUpdate, 'options'>, result: number): boolean {
  return options?.delta !== undefined && deltaRefusals.has(result)
}

/** Whether the update ended so: the whole image is to follow. */
export function isDeltaRefused(ended: FirmwareUpdate): boolean {
  const { state, failure, result } = ended
  return state === 'failed' && result !== undefined && failure === failureOf(result) && isRefusalOfDelta(ended, result)
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
