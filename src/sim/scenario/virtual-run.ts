/**
 * A scenario in virtual time: a whole server inside (its cores, its store), the fleet, the network between
 * them, and no socket. The same seed gives the same run, step for step. Goes as far as it is told.
 */
import { textOf } from '../../base/bytes.ts'
import { silentLog } from '../../base/log.ts'
import { noMetrics } from '../../base/metrics.ts'
import { after, instantOf, milliseconds, type Duration, type Instant } from '../../base/time.ts'
import { defaultSettings, type Settings } from '../../config/tunables.ts'
import type { DtlsCrypto } from '../../dtls/crypto.ts'
import { dtlsOptionsOf } from '../../dtls/options.ts'
import type { Store } from '../../fleet/store.ts'
import type { ObjectLibrary } from '../../lwm2m/model/library.ts'
import { chanceOf } from '../chance.ts'
import { Disk } from '../disk.ts'
import { Fleet, type Carrier } from '../fleet/fleet.ts'
import { FleetKeys } from '../fleet/keys.ts'
import { HandshakeCounts, stackOf } from '../fleet/stacks.ts'
import { ImageShelf } from '../image-shelf.ts'
import { makeImage } from '../images.ts'
import { Network } from '../network.ts'
import type { SecuredDoor } from '../server-process.ts'
import { Timeline, Timer } from '../timeline.ts'
import { VirtualServer } from '../virtual-server.ts'
import { isDone, samplingInterval } from './outcome.ts'
import { Recorder } from './recorder.ts'
import type { Scenario } from './scenario.ts'
import { VirtualCampaign } from './virtual-campaign.ts'

export interface VirtualRunOptions {
  readonly scenario: Scenario
  readonly library: ObjectLibrary
  /** Empty. */
  readonly store: Store
  readonly crypto: DtlsCrypto
  readonly settings?: Partial<Settings>
}

/** 2026-01-01T00:00Z. */
const start = instantOf(1_767_225_600_000)
/** What every simulated device is. */
const product = 'simulated'
const provisionedAtOnce = 500
const provisioningPause = milliseconds(100)
const storeKeyOctets = 32

export class VirtualRun {
  readonly fleet: Fleet
  readonly recorder: Recorder
  readonly #options: VirtualRunOptions
  readonly #timeline = new Timeline(start)
  readonly #network: Network
  readonly #server: VirtualServer
  readonly #images = new ImageShelf()
  readonly #keys: FleetKeys
  readonly #handshakes = new HandshakeCounts()
  readonly #settings: Settings
  #beginning = start
  readonly #campaign: VirtualCampaign
  #campaignIsDone = false

  constructor(options: VirtualRunOptions) {
    const { library, scenario, settings, store } = options
    const { compress, devices, seed } = scenario
    const timeline = this.#timeline
    this.#options = options
    this.#settings = { ...defaultSettings, ...settings }
    this.#keys = new FleetKeys(chanceOf(seed, 'keys'))
    this.fleet = new Fleet({ scenario, compress, timeline, library, endpointOf })
    this.#network = new Network(timeline, chanceOf(seed, 'network'), devices, '198.18')
    this.#server = new VirtualServer({
      timeline,
      settings: this.#settings,
      library,
      chance: chanceOf(seed, 'server'),
      randomOf: (life) => chanceOf(seed, `server process ${life}`),
      disk: new Disk(store, (ops) => this.#campaign.committed(ops)),
      image: (key) => this.#images.body(key),
      publicUri: scenario.connectionIds === undefined ? 'coap://198.18.255.1:5683' : 'coaps://198.18.255.1:5684',
      secured: scenario.connectionIds === undefined ? undefined : this.#door(),
      send: (to, datagram) => this.#network.down(to, datagram),
      emit: () => undefined,
      started: () => undefined,
    })
    this.#campaign = new VirtualCampaign({ timeline, server: this.#server, settings: this.#settings })
    const { fleet } = this
    const [network, handshakes] = [this.#network.counts, this.#handshakes]
    this.recorder = new Recorder({ scenario, mode: 'virtual', fleet, network, handshakes })
  }

  /** Since the first device could come on. */
  get elapsed(): Duration {
    return milliseconds(Math.max(this.#timeline.now - this.#beginning, 0))
  }

  get isOver(): boolean {
    return this.#campaignIsDone || this.elapsed >= this.#options.scenario.duration
  }

  /** Starts the server, tells it of the fleet, and lets the fleet come on. */
  begin(): void {
    const { scenario, store } = this.#options
    scenario.observe.forEach((path, index) => {
      const rule = { id: index + 1, product, tags: {}, path, createdAt: start }
      store.commit([{ op: 'observation-rule.put', rule }])
    })
    this.#server.start(start)
    this.#provision()
    const carrier: Carrier = {
      up: (link, datagram) => this.#network.up(link, datagram),
      connect: (quality, chance, antenna) => this.#network.connect(quality, chance, this.#server, antenna),
    }
    this.fleet.begin(this.#beginning, this.#stack(), carrier)
    this.#sampleFrom(this.#beginning)
    this.#campaignFrom(this.#beginning)
  }

  /** Lets so much time pass. */
  run(duration: Duration): void {
    this.#runUntil(after(this.#timeline.now, duration))
  }

  /** By and by: a server takes so many commands at one time, and no more. */
  #provision(): void {
    const { name: simulation } = this.#options.scenario
    this.fleet.individuals.forEach(({ personality: { name, profile } }, index) => {
      const patch = { product, profile, tags: { simulation, personality: name } }
      const command = { command: 'device.put', endpoint: endpointOf(index), patch, mustExist: false } as const
      this.#server.submit(this.#timeline.now, command, { resolve: () => undefined, reject: refuse })
      if (index % provisionedAtOnce === 0) this.run(provisioningPause)
    })
    this.run(provisioningPause)
    this.#beginning = this.#timeline.now
  }

  #runUntil(instant: Instant): void {
    while (this.#timeline.step(instant));
    this.#timeline.rest(instant)
  }

  #campaignFrom(now: Instant): void {
    const { campaign, campaignAfter, firmware, name, seed } = this.#options.scenario
    if (campaign === undefined || firmware === undefined) return
    const [, to] = [firmware.from, firmware.to].map((version) => {
      const bytes = makeImage(version, true, firmware.size, chanceOf(seed, `image ${version}`))
      return this.#images.add(this.#options.store, now, product, version, bytes)
    })
    const begin = new Timer((at) => this.#campaign.begin(at, { ...campaign, name }, to!))
    this.#timeline.set(begin, after(now, campaignAfter))
  }

  #sampleFrom(now: Instant): void {
    this.recorder.look(now - this.#beginning)
    const campaign = this.#campaign.look()
    if (campaign !== undefined) {
      this.recorder.campaignIs(now - this.#beginning, campaign)
      this.recorder.reports(this.#campaign.report())
      this.#campaignIsDone = isDone(campaign, this.#options.scenario.campaign?.['onBreach'] === 'rollback')
    }
    const next = after(now, milliseconds(samplingInterval(this.#options.scenario)))
    this.#timeline.set(new Timer((at) => this.#sampleFrom(at)), next)
  }

  #stack(): ReturnType<typeof stackOf> {
    const { crypto, scenario } = this.#options
    const parts = {
      timeline: this.#timeline,
      random: chanceOf(scenario.seed, 'device stack'),
      individuals: this.fleet.individuals,
      endpointOf,
      security: scenario.connectionIds === undefined ? undefined : { crypto, keys: this.#keys },
    }
    return stackOf(parts, this.#handshakes)
  }

  #door(): SecuredDoor {
    const storeKey = chanceOf(this.#options.scenario.seed, 'store key').bytes(storeKeyOctets)
    return {
      options: { ...dtlsOptionsOf(this.#settings), storeKey },
      crypto: this.#options.crypto,
      lookup: (query) => {
        const endpoint = query.kind === 'psk' ? textOf(query.identity) : undefined
        const key = endpoint === undefined ? undefined : this.#keys.find(endpoint)
        return key === undefined ? { kind: 'unknown' } : { kind: 'key', key, holder: endpoint! }
      },
      recalled: () => undefined,
      log: silentLog,
      metrics: noMetrics,
    }
  }
}

const endpointOf = (index: number): string => `sim-${String(index).padStart(6, '0')}`

function refuse(error: Error): never {
  throw error
}
