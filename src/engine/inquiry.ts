/**
 * What the server wants to know of a device by itself: asked once in a registration, when nothing else is to be
 * asked, and kept as what was learned. No row, no event: an operator did not ask.
 */
import { seconds, type Instant } from '../base/time.ts'
import type { Settings } from '../config/tunables.ts'
import { pathToWatch } from '../fleet/firmware/late-revert.ts'
import type { InternalInput } from './inputs.ts'
import { learnModel } from './plan-model.ts'
import { planContentReports } from './plan-reports.ts'
import { planSleepSign } from './plan-sleep.ts'
import type { PlanContext } from './plan-context.ts'
import type { DeviceState, Draft } from './state.ts'

/** Object 3, instance 0: what it is, what it runs, its battery, its clock, in one exchange. */
const identity = '/3/0'

/** The path to read next; undefined where nothing is wanted, which is nearly always. */
export function inquiryOf(
  { device, registration, update }: DeviceState,
  settings: Settings,
  now: Instant,
): string | undefined {
  if (device === undefined || registration === undefined) return undefined
  const { product, learned } = device
  if (learned?.askedIn === registration.id) return undefined
  if (product === undefined && learned?.model !== '' && settings['devices.product-from'] === 'asked') return identity
  const watch = learned?.watch
  if (watch === undefined || now >= watch.until || update !== undefined) return undefined
  return registration.registeredAt > watch.since ? pathToWatch(watch) : undefined
}

/** How many devices are asked in a second: our own curiosity does not slow down a fleet that registers all at once. */
export class InquiryBudget {
  readonly #perSecond: number
  #second = Number.NEGATIVE_INFINITY
  #asked = 0

  constructor(settings: Pick<Settings, 'devices.inquiries-per-second'>) {
    this.#perSecond = settings['devices.inquiries-per-second']
  }

  isSpent(now: Instant): boolean {
    if (now - this.#second >= seconds(1)) {
      this.#second = now
      this.#asked = 0
    }
    return this.#asked >= this.#perSecond
  }

  spend(): void {
    this.#asked++
  }
}

export function planInquired(
  draft: Draft,
  { path, answer, sleep }: Extract<InternalInput, { input: 'inquired' }>,
  context: PlanContext,
): void {
  planSleepSign(draft, sleep, context)
  const { registration } = draft.next
  if (answer.formats !== undefined) draft.learn({ formats: answer.formats })
  draft.quirks(answer.quirks, answer.example)
  if (registration === undefined || answer.answer === 'ask-again') return
  // Its radio was off: when it is on again. A device that stays silent is not pressed.
  if (answer.answer === 'unheard' && answer.reason === 'device-asleep') return
  draft.learn({ askedIn: registration.id })
  if (answer.answer === 'acknowledged') planContentReports(draft, answer.result, context)
  const tellsNone =
    answer.answer === 'acknowledged' || (answer.answer === 'failed' && answer.code?.startsWith('4.') === true)
  if (path === identity && tellsNone && draft.next.device?.learned?.model === undefined) learnModel(draft, '', context)
}
