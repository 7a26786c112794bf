/** Virtual devices one at a time, against the server they are made for. */
import { expect, test } from 'vitest'
import { instantOf, minutes, seconds } from '../../../src/base/time.ts'
import { chanceOf } from '../../../src/sim/chance.ts'
import { Radio } from '../../../src/sim/devices/radio.ts'
import { personalities, type PersonalityName } from '../../../src/sim/devices/personalities.ts'
import { makeImage, readImage } from '../../../src/sim/images.ts'
import { worldOf } from '../../sim/support.ts'

const at = (second: number) => instantOf(second * 1000)
const datagram = new Uint8Array(100)

test('a radio with a window hears until so long after it last spoke', () => {
  const radio = new Radio({ kind: 'window', awake: seconds(30) })
  radio.active(at(100))
  expect([radio.isOn(at(129)), radio.isOn(at(131))]).toEqual([true, false])
  radio.waiting = 1
  expect(radio.isOn(at(131))).toBe(true)
  expect(radio.fetchedAt(at(131), datagram)).toBeUndefined()
})

test('a sleepy child gets one datagram at its next poll, and a second one is lost', () => {
  const radio = new Radio({ kind: 'polling', awake: seconds(5), interval: seconds(3) })
  expect(radio.fetchedAt(at(100), datagram)).toBe(at(102))
  expect(radio.fetchedAt(at(101), datagram)).toBeUndefined()
  expect(radio.fetchedAt(at(102), datagram)).toBe(at(105))
})

test('an image says its version and whether it boots, and a damaged one is refused', () => {
  const image = makeImage('1.2.3', false, 1000, chanceOf(1, 'image'))
  expect(readImage(image)).toEqual({ version: '1.2.3', boots: false })
  image[500]! ^= 1
  expect(readImage(image)).toEqual({ fault: 'image.checksum' })
})

test.for(Object.keys(personalities) as PersonalityName[])('%s registers, is read, written and executed', (name) => {
  const world = worldOf({ seed: 1, devices: 1, mix: [[name, 1]], operationsPerDay: 0, boot: seconds(2) })
  world.run(minutes(5))
  const [device] = world.devices
  const ended: string[] = []
  for (const draft of [
    { kind: 'read', path: '/3/0/0' },
    { kind: 'write', path: '/3303/0/5750', value: 'w1' },
    { kind: 'execute', path: '/3303/0/5605', value: "0='w2'" },
    { kind: 'observe', path: '/3303/0/5700' },
  ] as const) {
    world.server.submit(
      world.now,
      { command: 'operation.submit', endpoint: device!.endpoint, draft },
      {
        resolve: () => undefined,
        reject: (error) => ended.push(error.message),
      },
    )
  }
  // It wakes for its next Update at the latest.
  device!.life!.registration.update(world.now)
  world.run(minutes(5))
  const operations = world.server.disk.store.operations({}, undefined, 10)
  expect(ended).toEqual([])
  expect(operations.map(({ kind, state }) => `${kind} ${state}`)).toEqual([
    'observe acknowledged',
    'execute acknowledged',
    'write acknowledged',
    'read acknowledged',
  ])
  expect(device!.life!.reporter.relations).toHaveLength(1)
})
