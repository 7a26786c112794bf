/**
 * Who of a device observes its configuration (RFC 7641), as rows: they outlive the process, and what came of
 * telling them is written down. When they are told is `resources/config-telling.ts`'s affair.
 */
import type { ConfigurationObserver } from '../fleet/configuration/types.ts'
import type { InternalInput } from './inputs.ts'
import type { Draft } from './state.ts'

/** From now on it is one; of more than `limit` the one that began first is forgotten. */
export function observeConfiguration(draft: Draft, observer: ConfigurationObserver, limit: number): void {
  const { configurationObservers: known } = draft.next
  const same = known.find(({ token }) => token === observer.token)
  if (same === undefined) forgetObservers(draft, known.slice(0, Math.max(0, known.length + 1 - limit)))
  put(draft, same, observer)
}

/** What came of telling an observer: it knows the newest state, or it is none any more. */
export function planConfigurationTold(
  draft: Draft,
  { token, told }: Extract<InternalInput, { input: 'configuration-told' }>,
): void {
  const { device } = draft.next
  const observer = draft.next.configurationObservers.find((each) => each.token === token)
  if (observer === undefined || device === undefined) return
  // RFC 7641 §4.2: with 4.04, that there is no configuration any more, the observation has ended
  if (told === 'refused' || told.changedAt === undefined) forgetObservers(draft, [observer])
  else put(draft, observer, { ...observer, toldAt: told.changedAt })
  if (told === 'refused') return
  draft.see()
}

/** They are told no more. */
export function forgetObservers(draft: Draft, gone: readonly ConfigurationObserver[]): void {
  if (gone.length === 0) return
  for (const { deviceId, token } of gone) draft.ops.push({ op: 'config-observer.delete', deviceId, token })
  draft.change({ configurationObservers: draft.next.configurationObservers.filter((each) => !gone.includes(each)) })
}

function put(draft: Draft, before: ConfigurationObserver | undefined, observer: ConfigurationObserver): void {
  const { configurationObservers: known } = draft.next
  draft.ops.push({ op: 'config-observer.put', observer })
  draft.change({
    configurationObservers:
      before === undefined ? [...known, observer] : known.map((each) => (each === before ? observer : each)),
  })
}
