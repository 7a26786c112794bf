/** The simulated network against the figures it is given. */
import { expect, test } from 'vitest'
import { after, instantOf, milliseconds, seconds, type Instant } from '../../../src/base/time.ts'
import { chanceOf } from '../../../src/sim/chance.ts'
import { Link, type AddressPlan, type Remote } from '../../../src/sim/link.ts'
import { linkQualities, type LinkQuality } from '../../../src/sim/link-quality.ts'
import { Network, type Antenna, type Host } from '../../../src/sim/network.ts'
import { Timeline } from '../../../src/sim/timeline.ts'

const start = instantOf(1_000_000)
const plain: LinkQuality = {
  roundTrip: milliseconds(1000),
  spread: 0.5,
  loss: 0,
  lossRun: 3,
  duplication: 0,
  reordering: 0,
  longestHold: seconds(10),
  mtu: 1280,
  nat: [[undefined, 1]],
}

class Addresses implements AddressPlan {
  taken = 0

  take(_link: Link, address: string | undefined): Remote {
    this.taken++
    return { address: address ?? `10.0.0.${this.taken}`, port: this.taken }
  }

  release(): void {}
}

function linkOf(quality: LinkQuality, natTimeout?: typeof quality.roundTrip): Link {
  return new Link(quality, natTimeout, chanceOf(1, 'link'), new Addresses())
}

test('losses have the share and the mean run they are given', () => {
  const link = linkOf({ ...plain, loss: 0.1 })
  const fates = Array.from({ length: 200_000 }, () => link.loses(start, 'up', 100))
  const lost = fates.filter(Boolean).length
  const runs = fates.filter((fate, index) => fate && fates[index - 1] !== true).length
  expect(lost / fates.length).toBeCloseTo(0.1, 2)
  expect(lost / runs).toBeCloseTo(3, 0)
})

test('a run of losses is a fade: what is sent well after a loss is lost as rarely as anything', () => {
  const link = linkOf({ ...plain, loss: 0.1 })
  let now = start
  const fates = Array.from({ length: 50_000 }, () => link.loses((now = after(now, seconds(15))), 'up', 100))
  const again = fates.filter((fate, index) => fate && fates[index - 1] === true).length
  expect(again / fates.filter(Boolean).length).toBeCloseTo(0.1, 1)
})

test('a datagram larger than the path carries is lost, and so is everything while the link is cut', () => {
  const link = linkOf(plain)
  expect([link.loses(start, 'up', 1280), link.loses(start, 'up', 1281)]).toEqual([false, true])
  link.cut = true
  expect(link.loses(start, 'down', 1)).toBe(true)
})

test('delays have the median they are given, and some arrive twice', () => {
  const link = linkOf({ ...plain, duplication: 0.25 })
  const arrivals = Array.from({ length: 20_000 }, () => link.arrivals(start))
  const delays = arrivals.map(([at]) => at! - start).sort((a, b) => a - b)
  expect(delays[10_000]! / 500).toBeCloseTo(1, 1)
  expect(arrivals.filter(({ length }) => length === 2).length / 20_000).toBeCloseTo(0.25, 2)
})

test('a translator keeps a port as long as the device speaks in time, and gives another after silence', () => {
  const link = linkOf(plain, seconds(30))
  const at = (second: number): Instant => instantOf(start + second * 1000)
  const first = link.sourceOf(at(0))
  expect(link.sourceOf(at(29))).toBe(first)
  expect([link.isMapped(at(58)), link.isMapped(at(60))]).toEqual([true, false])
  expect(link.sourceOf(at(61)).port).not.toBe(first.port)
})

test('what the network is given comes out where it belongs, copied, and nothing goes to an address given up', () => {
  const timeline = new Timeline(start)
  const network = new Network(timeline, chanceOf(2, 'network'), 1, '198.18')
  const heard: string[] = []
  const host: Host = { receive: (_now, from, datagram) => heard.push(`${from.port}: ${datagram.join(' ')}`) > 0 }
  const antenna: Antenna = {
    receive: (_now, { datagram, silence }) => void heard.push(`down ${datagram.join(' ')} ${silence}`),
  }
  const link = network.connect(linkQualities.ip, chanceOf(3, 'link'), host, antenna)
  const slab = Uint8Array.of(1, 2)
  network.up(link, slab)
  slab.fill(9)
  expect(network.underWay).toBe(1)
  while (timeline.step(instantOf(start + 60_000)));
  expect(heard).toEqual([`${link.remote.port}: 1 2`])
  network.down({ address: '198.18.9.9', port: 1 }, slab)
  expect(network.counts).toMatchObject({ sent: 1, delivered: 1, unroutable: 1 })
})
