/** The one clock: wall time at the start of the process plus the monotonic time since. */
import { performance } from 'node:perf_hooks'
import { instantOf, type Instant } from '../base/time.ts'

export function systemNow(): Instant {
  return instantOf(performance.timeOrigin + performance.now())
}
