/** The update results of object 5 (and 33629) in words, and what each means for another try. */

/**
 * none: not a failure · permanent: the same again fails again · transient: another try may do ·
 * inspect: look at the device first · cancelled · deferred: the device installs it later.
 */
export type RetryClass = 'none' | 'permanent' | 'transient' | 'inspect' | 'cancelled' | 'deferred'

export interface ResultMeaning {
  readonly words: string
  readonly retry: RetryClass
}

/** By the value of /5/0/5 (object 5 v1.2; 12 and 13 are object 33629's). */
const meanings: readonly ResultMeaning[] = [
  { words: 'nothing has happened yet', retry: 'none' },
  { words: 'the update succeeded', retry: 'none' },
  { words: 'the device has not enough flash for the package', retry: 'permanent' },
  { words: 'the device ran out of RAM during the download', retry: 'transient' },
  { words: 'the device lost its connection during the download', retry: 'transient' },
  { words: 'the integrity check of the package failed on the device', retry: 'transient' },
  { words: 'the device does not support this type of package', retry: 'permanent' },
  { words: 'the device cannot use the package URI', retry: 'permanent' },
  { words: 'the device could not install the package', retry: 'inspect' },
  { words: 'the device does not support the protocol of the package URI', retry: 'permanent' },
  { words: 'the update was cancelled on the device', retry: 'cancelled' },
  { words: 'the device has put the installation off', retry: 'deferred' },
  { words: 'the package conflicts with another that is being installed', retry: 'transient' },
  { words: 'the package needs another one that is not installed', retry: 'permanent' },
]

export function meaningOf(result: number): ResultMeaning {
  return meanings[result] ?? { words: `the device reports the unknown update result ${result}`, retry: 'inspect' }
}
