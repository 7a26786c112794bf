/**
 * Whatever happens to device, network, disk and server: who observes its configuration ends up knowing the newest,
 * hears nothing while its radio is off, and nothing any more once it has said so (RFC 7641 §3.6).
 */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { minutes, seconds } from '../../../src/base/time.ts'
import { profiles } from '../../../src/config/profiles.ts'
import { diskFull, EngineHarness } from '../../support/engine-harness.ts'

const steps = ['set', 'remove', 'wake', 'observe', 'cancel', 'restart', 'sleep', 'disk-full', 'disk-well'] as const
/** What becomes of a notification: both ways it gets through, or the answer to it, or itself, is lost. */
const fates = ['heard', 'answer-lost', 'lost'] as const
type Fate = (typeof fates)[number]

const window = Number(profiles.nbiot.awakeWindow)

class Observer {
  readonly house = new EngineHarness()
  observes = false
  /** What it was last told; 0 is nothing. */
  knows = 0
  /** What the operator set last. */
  wanted = 0
  readonly fate: () => Fate
  #messageId = 1
  #heardAt = 0
  #location = ''
  #documents = 0

  constructor(fate: () => Fate) {
    this.fate = fate
    this.say('POST [01] /rd ?ep=urn:dev:a&lt=864000&lwm2m=1.1&Q Content-Format=40 "</3/0>"')
    this.#location = this.house.store.device('urn:dev:a')!.registration!.id
  }

  /** One request of the device; what came in answer to it, everything else it is sent is dealt with. */
  say(request: string): readonly string[] {
    this.#heardAt = this.house.now
    const id = ++this.#messageId
    this.house.receive(1, `CON ${id} ${request}`)
    this.house.settle()
    return this.listen().filter((line) => line.startsWith(`ACK ${id} `))
  }

  /** Takes what was sent, and answers it, until there is no more. */
  listen(): readonly string[] {
    const other: string[] = []
    for (let sent = this.house.sent(1); sent.length > 0; sent = this.house.sent(1)) {
      for (const line of sent) {
        if (line.startsWith('CON')) this.#notified(line)
        else other.push(line)
      }
    }
    return other
  }

  #notified(line: string): void {
    assert(this.house.now < this.#heardAt + window, `radio is off: ${line}`)
    const fate = this.fate()
    if (fate === 'lost') return
    const [, id, code] = line.split(' ')
    const answer = this.observes ? 'ACK' : 'RST'
    if (this.observes && code === '2.05') this.knows = documentIn(line)
    else if (code === '4.04') this.observes = false
    if (fate === 'answer-lost') return
    this.#heardAt = this.house.now
    this.house.receive(1, `${answer} ${id} EMPTY`)
    this.house.settle()
  }

  step(step: (typeof steps)[number]): void {
    switch (step) {
      case 'set':
        return this.#configure(++this.#documents)
      case 'remove':
        return this.#configure(0)
      case 'wake':
        return void this.say(`POST [01] /rd/${this.#location}`)
      case 'observe': {
        const [answer = ''] = this.say('GET [0a] /config Observe=0')
        if (answer === '') return
        this.observes = answer.includes('Observe=')
        if (this.observes) this.knows = documentIn(answer)
        return
      }
      case 'cancel':
        if (this.say('GET [0a] /config Observe=1').length > 0) this.observes = false
        return
      case 'restart':
        return this.house.restart()
      case 'disk-full':
        this.house.failure = diskFull
        return
      case 'disk-well':
        this.house.failure = undefined
        return
      case 'sleep':
        // Each second by itself until the radio is off for good: what is sent is dealt with when it is.
        for (let second = 0; second < 60; second++) {
          this.house.elapse(seconds(1))
          this.listen()
        }
        this.house.elapse(minutes(10))
        this.listen()
    }
  }

  #configure(wanted: number): void {
    const document = wanted === 0 ? undefined : String(wanted)
    const done = (): void => void (this.wanted = wanted)
    const reply = { resolve: done, reject: () => undefined }
    this.house.engine.submit(this.house.now, { command: 'configuration.set', endpoint: 'urn:dev:a', document }, reply)
    this.house.settle()
    this.listen()
  }
}

/** The number that is the document. */
function documentIn(line: string): number {
  return Number(/"(\d+)"$/.exec(line)?.[1])
}

it('who observes its configuration knows the newest, whatever happens on the way', () => {
  const schedules = fc.array(fc.constantFrom(...steps), { minLength: 5, maxLength: 40 })
  const luck = fc.array(fc.constantFrom(...fates), { minLength: 1, maxLength: 20 })
  const told = { observed: 0, silent: 0 }
  fc.assert(
    fc.property(schedules, luck, (schedule, fortune) => {
      let at = 0
      let isCalm = false
      const device = new Observer(() => (isCalm ? 'heard' : fortune[at++ % fortune.length]!))
      for (const step of ['set', 'observe', ...schedule] as const) device.step(step)
      isCalm = true
      for (const step of ['disk-well', 'sleep', 'wake', 'sleep'] as const) device.step(step)
      expect(device.house.store.configurationObservers(1).length).toBeLessThanOrEqual(1)
      if (device.observes) {
        expect(device.knows).toBe(device.wanted)
        told.observed++
      } else {
        expect(device.house.store.configurationObservers(1)).toEqual([])
        told.silent++
      }
    }),
    { numRuns: 150, seed: 20_261_121 },
  )
  expect(Math.min(told.observed, told.silent)).toBeGreaterThan(20)
})
