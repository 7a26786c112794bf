/** What becomes of an input nobody has room for: the peer repeats itself, the operator is told. */
import { UsageError } from '../base/errors.ts'
import type { Instant } from '../base/time.ts'
import type { CoapEndpoint } from '../coap/endpoint.ts'
import type { ActorInput } from './inputs.ts'

export function shed(now: Instant, coap: CoapEndpoint, input: ActorInput): void {
  if ('exchange' in input) coap.dismiss(now, input.exchange)
  else if (input.input === 'command') {
    input.reply.reject(
      new UsageError('device.busy', `too much is waiting for ${input.command.endpoint} just now`, {
        status: 503,
        hint: 'try again in a few seconds',
      }),
    )
  }
}
