/**
 * The registration interface from the device's side (LwM2M Core 1.1 §6.2): register, update before the
 * lifetime ends, register anew when the server has forgotten us, deregister at the end.
 */
import { seconds, type Duration } from '../base/time.ts'
import { texts } from './coap-options.ts'
import type { CoapStack, Reply } from './coap-stack.ts'
import type { Narrator } from './narrator.ts'
import type { ServerSettings } from './objects/server-object.ts'
import { formats } from './payload/formats.ts'

export interface RegistrationPorts {
  readonly stack: CoapStack
  readonly endpoint: string
  readonly settings: ServerSettings
  readonly narrator: Narrator
  /** An Update is sent at least this often. */
  readonly updatePeriod: Duration
  /** How long the answer to an Update may take: it must not end after the lifetime. */
  readonly margin: Duration
  readonly links: () => string
  /** A Register is about to go out: observations of the old registration are gone. */
  readonly registering: () => void
  readonly registered: () => void
  /** Resolves after `wait`, sooner when the device is woken or stopped. */
  readonly sleep: (wait: Duration) => Promise<void>
  /** The device stops or loses power. */
  readonly stopped: AbortSignal
}

export type RegistrationEnd = 'unreachable' | 'refused' | 'stopped'

const version = '1.1'

export class Registration {
  readonly #ports: RegistrationPorts
  #location: readonly string[] | undefined
  /** What the server was told; an Update carries the lifetime only where it differs. */
  #toldLifetime = 0
  /** Whether the present registration was ever updated. */
  updated = false

  constructor(ports: RegistrationPorts) {
    this.#ports = ports
  }

  /** Keeps registered until stopped, or until the server does not answer or says no. */
  async run(): Promise<RegistrationEnd> {
    const { stopped } = this.#ports
    while (!stopped.aborted) {
      const refusal = await this.#register()
      if (stopped.aborted) break
      if (refusal !== undefined) return refusal
      this.#ports.registered()
      for (;;) {
        await this.#ports.sleep(this.#untilUpdate())
        if (stopped.aborted) return 'stopped'
        const outcome = await this.update()
        if (outcome === 'unreachable') return outcome
        if (outcome === 'unknown') break
      }
    }
    return 'stopped'
  }

  #untilUpdate(): Duration {
    const { settings, updatePeriod, margin } = this.#ports
    const lifetime = seconds(settings.lifetime)
    return Math.min(updatePeriod, Math.max(lifetime / 2, lifetime - margin)) as Duration
  }

  async #register(): Promise<'unreachable' | 'refused' | undefined> {
    const { stack, endpoint, settings, narrator, links, registering, stopped } = this.#ports
    registering()
    const { lifetime, queueMode } = settings
    const queries = [`ep=${endpoint}`, `lt=${lifetime}`, `lwm2m=${version}`, 'b=U', ...(queueMode ? ['Q'] : [])]
    const payload = Buffer.from(links())
    const reply = await stack.exchange({
      method: 'POST',
      path: ['rd'],
      queries,
      contentFormat: formats.linkFormat,
      payload,
    })
    if (reply === undefined && stopped.aborted) return 'unreachable'
    const location = reply === undefined ? [] : texts(reply.options, 'Location-Path')
    narrator.sent(
      `register ${endpoint}, lifetime ${lifetime} s${queueMode ? ', queue mode' : ''}  ${outcome(reply, location)}`,
    )
    if (reply === undefined) return 'unreachable'
    if (reply.code !== '2.01' || location.length === 0) return 'refused'
    this.#location = location
    this.#toldLifetime = lifetime
    return undefined
  }

  /** 'unknown': the server does not know this registration (4.04) or does not like the Update. */
  async update(): Promise<'updated' | 'unknown' | 'unreachable'> {
    const { stack, settings, narrator } = this.#ports
    const { lifetime } = settings
    const changed = lifetime !== this.#toldLifetime
    const queries = changed ? [`lt=${lifetime}`] : []
    const reply = await stack.exchange({ method: 'POST', path: this.#location ?? ['rd'], queries })
    if (reply === undefined && this.#ports.stopped.aborted) return 'unreachable'
    narrator.sent(`update${changed ? `, lifetime ${lifetime} s` : ''}  ${outcome(reply)}`)
    if (reply === undefined) return 'unreachable'
    if (!reply.code.startsWith('2')) return 'unknown'
    this.#toldLifetime = lifetime
    this.updated = true
    return 'updated'
  }

  async deregister(): Promise<void> {
    if (this.#location === undefined) return
    const reply = await this.#ports.stack.exchange({ method: 'DELETE', path: this.#location })
    this.#ports.narrator.sent(`deregister  ${outcome(reply)}`)
  }
}

function outcome(reply: Reply | undefined, location: readonly string[] = []): string {
  if (reply === undefined) return 'no answer'
  const said = reply.code.startsWith('2') ? '' : ` ${reply.payload.toString('utf8').slice(0, 200)}`
  return reply.code + said + (location.length === 0 ? '' : ` /${location.join('/')}`)
}
