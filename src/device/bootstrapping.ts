/**
 * The bootstrap interface from the device's side (LwM2M Core 1.1 §6.1): asks the bootstrap server, lets itself be
 * written to, and comes back with the account it was given.
 */
import type { Random } from '../base/random.ts'
import { seconds, type Duration } from '../base/time.ts'
import { derivedTimes } from '../config/profiles.ts'
import { Alarm } from './alarm.ts'
import { Answering } from './answering.ts'
import { BootstrapObjects, type Account } from './bootstrap-objects.ts'
import type { CoapStack } from './coap-stack.ts'
import type { Narrator } from './narrator.ts'
import type { DeviceOptions, ServerAddress } from './options.ts'
import type { Personality } from './personality.ts'
import { openSession } from './session.ts'

export interface BootstrappingParts {
  readonly options: DeviceOptions
  readonly server: ServerAddress
  readonly personality: Personality
  readonly random: Random
  readonly narrator: Narrator
  readonly stopped: AbortSignal
}

/** A client gives up so long after the last command (EXCHANGE_LIFETIME, RFC 7252 §4.8.2). */
const patience: Duration = seconds(247)
const firstRetry: Duration = seconds(2)
const retryLimit: Duration = seconds(60)

/** Again and again until it has an account; undefined where it was stopped, or `until: 'registered'` allows one try only. */
export async function bootstrapped(parts: BootstrappingParts): Promise<Account | undefined> {
  const { options, stopped, narrator } = parts
  const alarm = new Alarm()
  const ring = (): void => alarm.ring()
  stopped.addEventListener('abort', ring)
  try {
    for (let attempt = 0; !stopped.aborted; attempt++) {
      const account = await once(parts)
      if (account !== undefined || stopped.aborted || options.until === 'registered') return account
      const wait = Math.min(retryLimit, firstRetry * 2 ** attempt) as Duration
      narrator.happened(`asks to be bootstrapped again in ${wait / 1000} s`)
      await alarm.sleep(wait)
    }
    return undefined
  } finally {
    stopped.removeEventListener('abort', ring)
  }
}

async function once({
  options,
  server,
  personality,
  random,
  narrator,
  stopped,
}: BootstrappingParts): Promise<Account | undefined> {
  const over = new Alarm()
  const end = (): void => over.ring()
  let given: Account | undefined
  let answering: Answering | undefined
  let way: CoapStack | undefined
  const objects = new BootstrapObjects(options.bootstrapAccount, options.bootstrap ?? '', (account) => {
    given = account
    end()
  })
  const opened = await openSession(
    server,
    { personality, loss: options.loss, random, psk: options.psk, narrator },
    {
      opened: (stack) => {
        way = stack
        const ports = {
          nextMessageId: () => stack.nextMessageId(),
          blockSize: personality.blockSize,
          patience: derivedTimes(personality).maxTransmitWait,
          unacknowledged: () => undefined,
        }
        answering = new Answering(objects, ports, narrator)
      },
      requested: (incoming) => answering?.respond(incoming),
      emptied: (kind, messageId) => answering?.emptied(kind, messageId),
      broken: (reason) => {
        narrator.trouble(`no bootstrap server at ${server.host}:${server.port} (${reason})`)
        way?.interrupt()
        end()
      },
    },
  )
  if (opened === undefined) return undefined
  stopped.addEventListener('abort', end)
  const reply = await opened.stack.exchange({
    method: 'POST',
    path: ['bs'],
    queries: [`ep=${options.endpoint}`, 'pct=112'],
  })
  narrator.sent(`bootstrap request ${options.endpoint}  ${reply?.code ?? 'no answer'}`)
  if (reply?.code === '2.04' && given === undefined && !stopped.aborted) await over.sleep(patience)
  stopped.removeEventListener('abort', end)
  // The answer to Finish has to leave before the association does.
  if (given !== undefined) await new Alarm().sleep((partingTime + 3 * personality.latency) as Duration)
  opened.stack.close()
  if (given !== undefined) narrator.happened(`bootstrapped: registers with ${given.uri}, short id ${given.shortId}`)
  return given
}

const partingTime: Duration = seconds(0.3)
