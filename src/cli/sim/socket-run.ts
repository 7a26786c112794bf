/**
 * A scenario against a running server: provisions the fleet by the API, lets it live on real sockets, runs
 * the campaign if there is one, and counts. What it does to the server any operator could do.
 */
import { lookup } from 'node:dns/promises'
import { performance } from 'node:perf_hooks'
import { hexOf } from '../../base/bytes.ts'
import { instantOf } from '../../base/time.ts'
import { chanceOf } from '../../sim/chance.ts'
import { fleetCrypto, fleetRandom } from '../../sim/fleet/crypto.ts'
import { FleetKeys } from '../../sim/fleet/keys.ts'
import { makeImage } from '../../sim/images.ts'
import { readObjectLibrary } from '../../sim/object-files.ts'
import { isDone, samplingInterval, type Outcome } from '../../sim/scenario/outcome.ts'
import { Recorder } from '../../sim/scenario/recorder.ts'
import type { Scenario } from '../../sim/scenario/scenario.ts'
import type { Clock } from '../../sim/sockets/real-time.ts'
import { SocketFleet, socketLimit } from '../../sim/sockets/socket-fleet.ts'
import { CommandFailure, usageFailure } from '../failure.ts'
import { ProgressBar } from '../progress.ts'
import type { Session } from '../session.ts'
import { CampaignDesk } from './campaign-desk.ts'
import { addImage, observe, provision, withdraw, type FleetMark, type NewDevice } from './provision.ts'
import { ownUsage, serverUsage, used } from './usage.ts'

export interface SocketRunOptions {
  /** The operator says that a server elsewhere is theirs. */
  readonly mayLeaveMachine: boolean
  /** Takes devices and keys away again at the end. */
  readonly withdraw: boolean
}

/** Milliseconds between two looks at the campaign. */
const campaignPeriod = 2000

/** Throws CommandFailure; Ctrl-C ends it early, with what there is by then. */
export async function runOverSockets(
  session: Session,
  scenario: Scenario,
  options: SocketRunOptions,
): Promise<Outcome> {
  if (scenario.devices > socketLimit) {
    throw usageFailure(
      `${scenario.devices} devices need as many sockets; ${socketLimit} are what a process can have`,
      'fewer with --devices, or as many as you like with --virtual',
    )
  }
  const server = await listenerOf(session, scenario, options)
  const run = hexOf(fleetRandom().bytes(3))
  // Of its own for each run, so that no image is another run's.
  const product = `simulated-${run}`
  const endpointOf = (index: number): string => `sim-${run}-${String(index).padStart(5, '0')}`
  const keys = new FleetKeys(fleetRandom())
  const isSecured = scenario.connectionIds !== undefined
  let broken: Error | undefined
  const sockets = new SocketFleet({
    scenario,
    compress: scenario.compress,
    library: readObjectLibrary(),
    endpointOf,
    clock: systemClock(),
    random: fleetRandom(),
    security: isSecured ? { crypto: fleetCrypto(), keys } : undefined,
    server,
    ownAddresses: process.platform === 'linux',
    failed: (error) => (broken ??= error),
  })
  const devices = sockets.fleet.individuals.map(({ personality }, index): NewDevice => ({
    endpoint: endpointOf(index),
    profile: personality.profile,
    personality: personality.name,
    key: isSecured ? keys.keyOf(endpointOf(index)) : undefined,
  }))
  const bar = new ProgressBar(session.surroundings)
  const step = (label: string) => (done: number) => bar.show({ label, fraction: done / devices.length })
  try {
    await observe(session, scenario.observe)
    await provision(session, { product, run }, devices, step('Provisioning'))
    bar.milestone(`${devices.length} devices are known to the server, with the tag simulation=${run}`)
    const desk = await deskOf(session, scenario, { product, run })
    const outcome = await new Living(session, scenario, sockets, desk, bar).run(() => broken)
    if (options.withdraw) await withdraw(session, devices, step('Withdrawing'))
    return outcome
  } finally {
    sockets.end()
    bar.clear()
  }
}

/** The fleet from power on to the end of the scenario. */
class Living {
  readonly #session: Session
  readonly #scenario: Scenario
  readonly #sockets: SocketFleet
  readonly #desk: CampaignDesk | undefined
  readonly #bar: ProgressBar
  readonly #recorder: Recorder
  readonly #began = performance.now()
  #campaign: 'none' | 'begun' | 'done' = 'none'
  #campaignLookAt = 0

  constructor(
    session: Session,
    scenario: Scenario,
    sockets: SocketFleet,
    desk: CampaignDesk | undefined,
    bar: ProgressBar,
  ) {
    this.#session = session
    this.#scenario = scenario
    this.#sockets = sockets
    this.#desk = desk
    this.#bar = bar
    const { carrier, fleet, handshakes } = sockets
    this.#recorder = new Recorder({ scenario, mode: 'sockets', fleet, network: carrier.counts, handshakes })
  }

  get #elapsed(): number {
    return performance.now() - this.#began
  }

  async run(broken: () => Error | undefined): Promise<Outcome> {
    const { interrupted, pause } = this.#session.surroundings
    const [before, own] = [await serverUsage(this.#session), ownUsage()]
    this.#sockets.begin()
    while (this.#elapsed < this.#scenario.duration && this.#campaign !== 'done' && !interrupted.aborted) {
      await pause(samplingInterval(this.#scenario), interrupted)
      const error = broken()
      if (error !== undefined) throw socketFailure(error)
      this.#show()
      await this.#minding()
    }
    if (this.#desk !== undefined && this.#campaign !== 'none' && !interrupted.aborted) {
      this.#recorder.reports(await this.#desk.report())
    }
    const after = interrupted.aborted ? undefined : await serverUsage(this.#session)
    const server = before !== undefined && after !== undefined ? used(before, after) : undefined
    const seconds = this.#elapsed / 1000
    return this.#recorder.outcome(seconds, seconds, used(own, ownUsage()), server)
  }

  #show(): void {
    const { registered, downloading, installing, updated } = this.#recorder.look(this.#elapsed)
    const { devices, duration } = this.#scenario
    const campaign = this.#recorder.campaign
    const state = campaign === undefined ? '' : `, campaign ${campaign.state}`
    this.#bar.show({
      label: 'Running',
      fraction: Math.min(this.#elapsed / duration, 1),
      tail: `${registered} of ${devices} registered, ${downloading} downloading, ${installing} installing, ${updated} updated${state}`,
    })
  }

  async #minding(): Promise<void> {
    if (this.#desk === undefined) return
    if (this.#campaign === 'none') {
      if (this.#elapsed < this.#scenario.campaignAfter) return
      await this.#desk.begin()
      this.#campaign = 'begun'
    }
    if (this.#campaignLookAt > this.#elapsed) return
    this.#campaignLookAt = this.#elapsed + campaignPeriod
    const campaign = await this.#desk.look()
    this.#recorder.campaignIs(this.#elapsed, campaign)
    if (isDone(campaign, this.#scenario.campaign?.['onBreach'] === 'rollback')) this.#campaign = 'done'
  }
}

/** Uploads both images and prepares the campaign; undefined where the scenario has none. */
async function deskOf(
  session: Session,
  scenario: Scenario,
  { product, run }: FleetMark,
): Promise<CampaignDesk | undefined> {
  const { campaign, firmware, name, seed } = scenario
  if (campaign === undefined || firmware === undefined) return undefined
  const imageOf = (version: string): Promise<string> =>
    addImage(session, product, version, makeImage(version, true, firmware.size, chanceOf(seed, `${run} ${version}`)))
  await imageOf(firmware.from)
  const image = await imageOf(firmware.to)
  return new CampaignDesk(session, { name: `${name}-${run}`, run, image, campaign })
}

/** Where devices are to speak to. Throws where that is not this machine and nobody said that it may be. */
async function listenerOf(
  { client }: Session,
  { connectionIds }: Scenario,
  { mayLeaveMachine }: SocketRunOptions,
): Promise<{ readonly address: string; readonly port: number }> {
  const { hostname } = new URL(client.address.url)
  const { address } = await lookup(hostname.replace(/^\[|\]$/g, ''))
  if (!(address.startsWith('127.') || address === '::1') && !mayLeaveMachine) {
    throw usageFailure(
      `${hostname} is not this machine, and a simulated fleet is a load test`,
      'where it is your server, say so: --yes-this-is-my-server',
    )
  }
  const { listeners } = await client.call('status', {})
  const protocol = connectionIds === undefined ? 'coap' : 'coaps'
  const listener = listeners.find((one) => one.protocol === protocol)
  if (listener !== undefined) return { address, port: listener.port }
  throw new CommandFailure(`the server has no ${protocol} listener`, {
    exitCode: 1,
    advice: [
      'start it with one: coapstan serve --coaps-listen on',
      'or let devices speak plain CoAP: security: { dtls: false }',
    ],
  })
}

function socketFailure(error: Error): CommandFailure {
  const isLimit = 'code' in error && error.code === 'EMFILE'
  return new CommandFailure(`a socket of the fleet could not be opened: ${error.message}`, {
    exitCode: 1,
    advice: isLimit ? ['this shell allows too few open files: ulimit -n 20000', 'or fewer devices with --devices'] : [],
    cause: error,
  })
}

function systemClock(): Clock {
  let timer: NodeJS.Timeout | undefined
  return {
    now: () => instantOf(performance.timeOrigin + performance.now()),
    wake(wait, action) {
      clearTimeout(timer)
      timer = setTimeout(action, wait)
    },
    rest: () => clearTimeout(timer),
  }
}
