/**
 * Keeps the device present at its server: one session after another, each with a registration, with growing
 * waits in between while nobody answers. Knows nothing of what the objects hold.
 */
import type { Random } from '../base/random.ts'
import { seconds, type Duration } from '../base/time.ts'
import { derivedTimes } from '../config/profiles.ts'
import { Alarm } from './alarm.ts'
import { Answering } from './answering.ts'
import { BlockwisePackage, type BlockSource } from './firmware/blockwise-package.ts'
import type { PackageSource } from './firmware/download.ts'
import type { CoapUri } from './firmware/package-uri.ts'
import type { Narrator } from './narrator.ts'
import type { ServerSettings } from './objects/server-object.ts'
import type { DeviceOptions, ServerAddress } from './options.ts'
import type { Personality } from './personality.ts'
import { Registration } from './registration.ts'
import type { RequestHandler } from './requests.ts'
import { blockSource, openSession, type Session, type SessionEvents } from './session.ts'

export interface PresenceParts {
  readonly options: DeviceOptions
  readonly server: ServerAddress
  readonly personality: Personality
  readonly settings: ServerSettings
  readonly random: Random
  readonly narrator: Narrator
  readonly handler: RequestHandler
  readonly links: () => string
  /** Observations of an earlier registration are gone. */
  readonly registering: () => void
  readonly registered: () => void
  /** With `until: 'registered'`: it did all it was to do, or it could not. */
  readonly finished: (success: boolean) => void
}

/** Waits between sessions: doubled from the first up to the limit. */
const firstRetry: Duration = seconds(2)
const retryLimit: Duration = seconds(60)
/** A user who stops the device waits no longer than this for its deregistration. */
const farewellPatience: Duration = seconds(5)
/** An Update leaves so much of the lifetime for its answer, where the lifetime is long enough. */
const updateMargin: Duration = seconds(30)

export class Presence {
  readonly #parts: PresenceParts
  readonly #power: AbortSignal
  readonly #alarm = new Alarm()
  readonly #patience: Duration
  #session: Session | undefined
  #registration: Registration | undefined
  #registered = false

  /** `power`: aborted when the device stops or loses power. */
  constructor(parts: PresenceParts, power: AbortSignal) {
    this.#parts = parts
    this.#power = power
    this.#patience = derivedTimes(parts.personality).maxTransmitWait
  }

  /** The address the server sees us from, as far as the device itself can know. */
  get localAddress(): string {
    return this.#session?.localAddress ?? ''
  }

  /** Has an Update sent now rather than when it is due. */
  updateSoon(): void {
    this.#alarm.ring()
  }

  async live(): Promise<void> {
    const { narrator, options, finished } = this.#parts
    for (let attempt = 0; !this.#power.aborted; attempt++) {
      if (await this.#register()) attempt = 0
      if (this.#power.aborted) return
      if (options.until === 'registered') {
        finished(false)
        return
      }
      const wait = Math.min(retryLimit, firstRetry * 2 ** attempt) as Duration
      narrator.happened(`tries again in ${wait / 1000} s`)
      await this.#alarm.sleep(wait)
    }
  }

  /** One session; true where the server had taken the registration before it ended. */
  async #register(): Promise<boolean> {
    const { server, options, settings, narrator, personality, links } = this.#parts
    this.#registered = false
    const opened = await openSession(server, this.#sessionParts(), this.#sessionEvents())
    if (opened === undefined) return false
    if (this.#power.aborted) {
      opened.stack.close()
      return false
    }
    this.#session = opened
    this.#registration = new Registration({
      stack: opened.stack,
      endpoint: options.endpoint,
      settings,
      narrator,
      updatePeriod: personality.updatePeriod,
      margin: updateMargin,
      links,
      registering: () => this.#parts.registering(),
      registered: () => {
        this.#registered = true
        this.#parts.registered()
      },
      sleep: (wait) => this.#untilUpdate(wait),
      stopped: this.#power,
    })
    await this.#registration.run()
    if (!this.#power.aborted) opened.stack.close()
    return this.#registered
  }

  /** With `until: 'registered'` the first Update is sent at once, and the second wait is the end. */
  async #untilUpdate(wait: Duration): Promise<void> {
    if (this.#parts.options.until !== 'registered') {
      await this.#alarm.sleep(wait)
      return
    }
    if (this.#registration?.updated === true) this.#parts.finished(true)
  }

  #sessionParts(): Parameters<typeof openSession>[1] {
    const { personality, options, random, narrator } = this.#parts
    return { personality, loss: options.loss, random, psk: options.psk, narrator }
  }

  #sessionEvents(): SessionEvents {
    const { narrator, server, personality, handler } = this.#parts
    let answering: Answering | undefined
    return {
      opened: (stack) => {
        answering = new Answering(
          handler,
          {
            nextMessageId: () => stack.nextMessageId(),
            blockSize: personality.blockSize,
            patience: this.#patience,
            unacknowledged: () => {
              narrator.trouble('a notification was never acknowledged: updates its registration')
              this.updateSoon()
            },
          },
          narrator,
        )
      },
      requested: (incoming) => answering?.respond(incoming),
      emptied: (kind, messageId) => answering?.emptied(kind, messageId),
      broken: (reason) => {
        // Once registered, a server that restarts is waited for: retransmission bridges the gap.
        if (this.#registered) return
        narrator.trouble(`no server at ${server.host}:${server.port} (${reason}); start one with: npm start`)
        this.#session?.stack.interrupt()
      },
    }
  }

  /** A package over the association with the server where the URI names the server, else over a new one. */
  async openPackage(uri: CoapUri): Promise<PackageSource | undefined> {
    const { server, narrator, personality } = this.#parts
    const own = uri.secure === server.secure && uri.port === server.port && sameHost(uri.host, server.host)
    if (own) {
      return new BlockwisePackage(
        { fetch: (num, size) => this.#fetchFromServer(uri, num, size) },
        personality.blockSize,
      )
    }
    if (uri.secure) {
      narrator.trouble(`firmware  has no key for ${uri.host}:${uri.port}`)
      return undefined
    }
    const opened = await openSession(uri, this.#sessionParts(), silentEvents)
    if (opened === undefined) return undefined
    const source = blockSource(opened.stack, uri.path, uri.queries)
    return new BlockwisePackage(source, personality.blockSize, () => opened.stack.close())
  }

  /** Through whatever session there is now: a download outlives the session it began on. */
  async #fetchFromServer(uri: CoapUri, num: number, size: number): ReturnType<BlockSource['fetch']> {
    if (this.#session === undefined) return undefined
    return blockSource(this.#session.stack, uri.path, uri.queries).fetch(num, size)
  }

  /** Calls off what is under way, deregisters where `polite` and possible, and closes. */
  async leave(polite: boolean): Promise<void> {
    this.#alarm.ring()
    this.#session?.stack.interrupt()
    if (polite && this.#registered && this.#registration !== undefined) {
      const limit = new Alarm()
      await Promise.race([this.#registration.deregister(), limit.sleep(farewellPatience)])
      limit.ring()
    }
    this.#session?.stack.close()
  }
}

const silentEvents: SessionEvents = {
  opened: () => undefined,
  requested: () => undefined,
  emptied: () => undefined,
  broken: () => undefined,
}

function sameHost(one: string, other: string): boolean {
  const loopback = (host: string): string => (host === 'localhost' ? '127.0.0.1' : host.toLowerCase())
  return loopback(one) === loopback(other)
}
