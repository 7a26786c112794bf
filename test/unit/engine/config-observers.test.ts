/**
 * Devices that observe their configuration: told of each change while they listen, or at their next wake, across
 * restarts, until they say that they want no more.
 */
import { describe, expect, test } from 'vitest'
import { after, minutes, seconds } from '../../../src/base/time.ts'
import { EngineHarness } from '../../support/engine-harness.ts'
import { lineOf } from '../../support/coap-notation.ts'
import { Secured } from '../../support/secured-device.ts'

const observe = 'GET [0a] /config Observe=0'

/** `flags` are those of the registration: `&Q` is a device that sleeps. */
async function observing(flags = '&Q', settings = {}): Promise<EngineHarness> {
  const house = new EngineHarness(settings)
  say(house, `CON 1 POST [01] /rd ?ep=urn:dev:a&lt=86400&lwm2m=1.1${flags} Content-Format=40 "</3/0>"`)
  await set(house, '{"interval":60}')
  expect(say(house, `CON 2 ${observe}`)).toEqual([expect.stringMatching(/^ACK 2 2\.05 \[0a\] .*Observe=/)])
  return house
}

function say(house: EngineHarness, line: string, path = 1): readonly string[] {
  house.receive(path, line)
  house.settle()
  return house.sent(path)
}

/** The device's first word of a wake. */
function wake(house: EngineHarness, id = 50): readonly string[] {
  const location = house.store.device('urn:dev:a')!.registration!.id
  return say(house, `CON ${id} POST [${id}] /rd/${location}`)
}

function set(house: EngineHarness, document: string | undefined, endpoint = 'urn:dev:a'): Promise<undefined> {
  return house.command({ command: 'configuration.set', endpoint, document })
}

const acknowledge = (house: EngineHarness, line: string, path = 1): readonly string[] =>
  say(house, `ACK ${line.split(' ')[1]} EMPTY`, path)
const observers = (house: EngineHarness): readonly unknown[] => house.store.configurationObservers(1)
const notice = (document: string): RegExp =>
  new RegExp(`^CON \\d+ 2\\.05 \\[0a\\].*<${Buffer.from(document).toString('hex')}>$`)

test('whatever is said of it, the number is greater than that of anything said before (RFC 7641 §4.4)', async () => {
  const house = await observing('')
  const numberIn = (line: string | undefined): number => Number(/Observe=(\d+)/.exec(line!)![1])
  const numbers = [numberIn(say(house, `CON 3 ${observe}`)[0])]
  house.elapse(seconds(1))
  numbers.push(numberIn(say(house, `CON 4 ${observe}`)[0]))
  house.elapse(seconds(1))
  await set(house, '{"interval":10}')
  const [told] = house.sent(1)
  numbers.push(numberIn(told))
  acknowledge(house, told!)
  house.elapse(seconds(1))
  numbers.push(numberIn(say(house, `CON 5 ${observe}`)[0]))
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b))
})

describe('a device that sleeps', () => {
  test('is told at its next wake, right after the answer, and of the newest only', async () => {
    const house = await observing()
    house.elapse(minutes(5))
    await set(house, '{"interval":30}')
    await set(house, '{"interval":10}')
    house.elapse(minutes(5))
    expect(house.sent()).toEqual([])
    const [answer, told, ...more] = wake(house)
    expect([answer, told, more]).toEqual([
      expect.stringMatching(/^ACK 50 2\.04/),
      expect.stringMatching(notice('{"interval":10}')),
      [],
    ])
    acknowledge(house, told!)
    house.elapse(minutes(5))
    expect([house.sent(), wake(house, 51)]).toEqual([[], [expect.stringMatching(/^ACK 51/)]])
  })

  test('is sent nothing once it has stopped listening, and told again when it wakes', async () => {
    const house = await observing()
    await set(house, '{"interval":30}')
    // At once and after 8 to 12 s; 16 to 24 s later its radio is off.
    const copies = house.sent(1)
    house.elapse(minutes(5))
    copies.concat(house.sent(1)).forEach((line) => expect(line).toMatch(notice('{"interval":30}')))
    const [, told] = wake(house)
    expect(told).toMatch(notice('{"interval":30}'))
    acknowledge(house, told!)
    expect(wake(house, 51)).toHaveLength(1)
  })

  test('is told after a restart of the server in between', async () => {
    const house = await observing()
    house.elapse(minutes(5))
    await set(house, '{"interval":30}')
    house.restart()
    house.elapse(minutes(1))
    expect(house.sent()).toEqual([])
    const [, told] = wake(house)
    expect(told).toMatch(notice('{"interval":30}'))
    acknowledge(house, told!)
    house.restart()
    expect(wake(house, 51)).toHaveLength(1)
  })

  test('is told after what an operator asks of it', async () => {
    const house = await observing()
    house.elapse(minutes(5))
    await set(house, '{"interval":30}')
    const draft = { kind: 'read', path: '/3/0/0', deadline: after(house.now, minutes(60)), priority: 100 } as const
    await house.command({ command: 'operation.submit', endpoint: 'urn:dev:a', draft })
    const [, read, ...more] = wake(house)
    expect([read, more]).toEqual([expect.stringMatching(/^CON \d+ GET/), []])
    const [, id, , token] = read!.split(' ')
    const [told] = say(house, `ACK ${id} 2.05 ${token} Content-Format=0 "x"`)
    expect(told).toMatch(notice('{"interval":30}'))
  })
})

test('a device that always listens is told at once, and by a restarted server without a word of its own', async () => {
  const house = await observing('')
  house.elapse(minutes(5))
  await set(house, '{"interval":30}')
  expect(house.sent(1)).toEqual([expect.stringMatching(notice('{"interval":30}'))])
  house.restart()
  expect(house.sent(1)).toEqual([expect.stringMatching(notice('{"interval":30}'))])
})

test('the end of the configuration is told, too, and is the end of the observation (RFC 7641 §4.2)', async () => {
  const house = await observing()
  house.elapse(minutes(5))
  await set(house, undefined)
  expect(observers(house)).toHaveLength(1)
  const [, gone] = wake(house)
  expect(gone).toMatch(/^CON \d+ 4\.04 \[0a\]/)
  acknowledge(house, gone!)
  expect(observers(house)).toEqual([])
})

describe('it is told no more', () => {
  /** What goes to the device at the next change, and who is to be told. */
  async function changed(house: EngineHarness): Promise<readonly unknown[]> {
    await set(house, '{"interval":1}')
    house.elapse(minutes(5))
    return [...house.sent(1), ...observers(house)]
  }

  test('after a RST (RFC 7641 §3.6)', async () => {
    const house = await observing('')
    await set(house, '{"interval":30}')
    say(house, `RST ${house.sent(1)[0]!.split(' ')[1]} EMPTY`)
    expect(await changed(house)).toEqual([])
  })

  test('after it has cancelled, even while it is being told (RFC 7641 §3.6)', async () => {
    const house = await observing('')
    await set(house, '{"interval":30}')
    expect(house.sent(1)).toHaveLength(1)
    const [answer] = say(house, 'CON 3 GET [0a] /config Observe=1')
    expect(answer).toMatch(/^ACK 3 2\.05/)
    expect(answer).not.toContain('Observe')
    expect(await changed(house)).toEqual([])
  })

  test('after it has deregistered', async () => {
    const house = await observing('')
    say(house, `CON 3 DELETE [03] /rd/${house.store.device('urn:dev:a')!.registration!.id}`)
    expect(await changed(house)).toEqual([])
  })

  test('after its device is deleted', async () => {
    const house = await observing('')
    await set(house, '{"interval":30}')
    expect(house.sent(1)).toHaveLength(1)
    await house.command({ command: 'device.delete', endpoint: 'urn:dev:a' })
    house.elapse(minutes(5))
    expect([house.sent(1), observers(house)]).toEqual([[], []])
  })

  test('from an address where it is not any more', async () => {
    const house = await observing('')
    say(house, `CON 3 POST [03] /rd/${house.store.device('urn:dev:a')!.registration!.id}`, 2)
    expect(await changed(house)).toEqual([])
  })
})

test('silence to a notification is no end: it is told again when it is heard', async () => {
  const house = await observing('')
  await set(house, '{"interval":30}')
  house.elapse(minutes(10))
  expect(house.sent(1)).toHaveLength(4)
  expect(wake(house)[1]).toMatch(notice('{"interval":30}'))
})

test('nothing comes between the blocks of a body the device hands over (devices.md §0.4)', async () => {
  const house = await observing('')
  say(house, `CON 3 POST [03] /data Content-Format=0 Block1=0/1/16 <${'61'.repeat(16)}>`)
  await set(house, '{"interval":30}')
  house.elapse(seconds(5))
  expect(house.sent(1)).toEqual([])
  const [answer, told] = say(house, 'CON 4 POST [04] /data Content-Format=0 Block1=1/0/16 "b"')
  expect(answer).toMatch(/^ACK 4 2\.04/)
  expect(told).toMatch(notice('{"interval":30}'))
})

test('two observers of a device are told one after the other', async () => {
  const house = await observing('')
  say(house, 'CON 3 GET [0b] /config Observe=0')
  await set(house, '{"interval":30}')
  const [first, ...more] = house.sent(1)
  const [second] = acknowledge(house, first!)
  expect([first, second]).toEqual([expect.stringMatching(/\[0a\]/), expect.stringMatching(/\[0b\]/)])
  expect(more).toEqual([])
})

test('whom there is no room for is told with a later sweep', async () => {
  const house = await observing('', { 'coap.observers.total': 1 })
  say(house, 'CON 1 POST [01] /rd ?ep=urn:dev:b&lt=86400&lwm2m=1.1 Content-Format=40 "</3/0>"', 2)
  await set(house, '{"interval":60}', 'urn:dev:b')
  say(house, `CON 2 ${observe}`, 2)
  await set(house, '{"interval":30}')
  await set(house, '{"interval":30}', 'urn:dev:b')
  const [told] = house.sent(1)
  expect(house.sent(2)).toEqual([])
  acknowledge(house, told!)
  house.elapse(seconds(1))
  expect(house.sent(2)).toEqual([expect.stringMatching(notice('{"interval":30}'))])
})

test('one under way ends when it registers its observation anew', async () => {
  const house = await observing('')
  await set(house, '{"interval":30}')
  house.sent(1)
  expect(say(house, `CON 3 ${observe}`)).toEqual([expect.stringMatching(/^ACK 3 2\.05/)])
  house.elapse(minutes(5))
  expect(house.sent(1)).toEqual([])
  expect(observers(house)).toHaveLength(1)
})

test('of more tokens than a device may have, the first is forgotten; a registration of many octets is none', async () => {
  const house = await observing('', { 'devices.config-observers': 2 })
  for (const token of ['0b', '0c']) say(house, `CON 3${token} GET [${token}] /config Observe=0`.replace('3', '1'))
  const query = 'x'.repeat(240)
  expect(say(house, `CON 9 GET [0d] /config ?a=${query} Observe=0`)[0]).not.toContain('Observe')
  expect(observers(house)).toMatchObject([{ token: '0b' }, { token: '0c' }])
})

test('a large one comes in the blocks it asked for, after a restart too (RFC 7959 §2.6)', async () => {
  const house = await observing('')
  say(house, 'CON 3 GET [0b] /config Observe=0 Accept=60 Block2=0/0/32')
  house.restart()
  await set(house, JSON.stringify({ text: 'x'.repeat(50) }))
  const first = house.sent(1)
  expect(first).toEqual([expect.stringContaining('Content-Format=50')])
  const [second] = acknowledge(house, first[0]!)
  expect(second).toMatch(/\[0b\].*Content-Format=60.*Block2=0\/1\/32/)
  acknowledge(house, second!)
  expect(say(house, 'CON 4 GET [0c] /config Accept=60 Block2=1/0/32')[0]).toMatch(/Block2=1\/0\/32/)
})

describe('who only claims to be a device', () => {
  async function claiming(): Promise<EngineHarness> {
    const house = new EngineHarness()
    say(house, 'CON 1 POST [01] /data ?ep=urn:dev:a Content-Format=0 "7"', 5)
    await set(house, '{"interval":60}')
    say(house, 'CON 2 GET [0a] /config ?ep=urn:dev:a Observe=0', 5)
    return house
  }

  test('is told while its network listens, else when it speaks again from there', async () => {
    const house = await claiming()
    house.elapse(seconds(5))
    await set(house, '{"interval":30}')
    const [told] = house.sent(5)
    expect(told).toMatch(notice('{"interval":30}'))
    acknowledge(house, told!, 5)
    house.elapse(minutes(5))
    await set(house, '{"interval":10}')
    // Another one's word says nothing of its wake.
    say(house, 'CON 3 POST [03] /data ?ep=urn:dev:a Content-Format=0 "7"', 6)
    expect(house.sent(5)).toEqual([])
    const heard = say(house, 'CON 4 POST [04] /data ?ep=urn:dev:a Content-Format=0 "7"', 5)
    expect(heard).toEqual([expect.stringMatching(/^ACK 4 2\.04/), expect.stringMatching(notice('{"interval":10}'))])
  })

  test('is given up after it was silent (RFC 7641 §4.5)', async () => {
    const house = await claiming()
    await house.command({ command: 'device.put', endpoint: 'urn:dev:a', patch: { profile: 'ip' }, mustExist: true })
    await set(house, '{"interval":30}')
    expect(house.sent(5)).toHaveLength(1)
    house.elapse(minutes(5))
    expect(observers(house)).toEqual([])
  })
})

describe('over DTLS, without LwM2M', () => {
  async function securedObserver(): Promise<Secured> {
    const secured = new Secured().connect()
    secured.say('CON 1 POST [01] /data Content-Format=0 "7"')
    await set(secured.house, '{"interval":60}')
    expect(secured.say(`CON 2 ${observe}`)).toEqual([expect.stringMatching(/Observe=/)])
    secured.house.elapse(minutes(5))
    await set(secured.house, '{"interval":30}')
    expect(secured.settle().device.received.map(({ bytes }) => lineOf(bytes))).toHaveLength(2)
    return secured
  }

  test('it is told on its association at its next word, a restart in between', async () => {
    const secured = await securedObserver()
    secured.house.restart()
    const answers = secured.say('CON 3 POST [03] /data Content-Format=0 "8"')
    expect(answers).toEqual([expect.stringMatching(/^ACK 3 2\.04/), expect.stringMatching(notice('{"interval":30}'))])
    expect(secured.say(`ACK ${answers[1]!.split(' ')[1]} EMPTY`)).toEqual([])
    expect(observers(secured.house)).toMatchObject([{ way: { association: 1 } }])
  })

  test('a new association knows nothing of the observations of the old one (RFC 7252 §9.1)', async () => {
    const secured = await securedObserver()
    secured.connect()
    expect(secured.say('CON 3 POST [03] /data Content-Format=0 "8"')).toEqual([expect.stringMatching(/^ACK 3 2\.04/)])
    expect(observers(secured.house)).toEqual([])
  })
})
