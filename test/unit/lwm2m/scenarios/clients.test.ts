/**
 * Clients of other makers as they speak on the wire, where that is not what the specification's examples look like:
 * which formats they name and take, what they hold of our answers, how they cut bodies in blocks.
 */
import { describe, expect, test } from 'vitest'
import { json, octets, ScriptedDevice } from '../../../support/scripted-device.ts'

const blocks = (text: string, size: number): readonly string[] =>
  Array.from({ length: Math.ceil(text.length / size) }, (_, number) => {
    const more = (number + 1) * size < text.length ? 1 : 0
    return `Block1=${number}/${more}/${size} ${octets(text.slice(number * size, (number + 1) * size))}`
  })

describe('Contiki-NG', () => {
  const links = Array.from({ length: 24 }, (_, i) => `</3303/${i}>`).join(',')
  const query = '?lwm2m=1.0&ep=Contiki-NG0212740100&lt=30&b=U'
  const registered = (): ScriptedDevice => {
    const device = new ScriptedDevice({ endpoint: 'Contiki-NG0212740100' })
    for (const block of blocks(links, 128)) device.say(`CON POST [aa] /rd ${query} ${block}`)
    return device
  }

  test('keeps fourteen octets of "rd/" and the id, and drops a longer one', () => {
    const device = new ScriptedDevice({ endpoint: 'Contiki-NG0212740100' })
    const answers = blocks(links, 128).map((block) => device.say(`CON POST [aa] /rd ${query} ${block}`))
    expect(answers[0]).toBe('2.31 [aa] Block1=0/1/128')
    const [, id] = /^2\.01 \[aa\] Location-Path=rd Location-Path=(\w+) /.exec(answers.at(-1)!)!
    expect(`rd/${id}`.length).toBeLessThan(15)
    expect(device.say(`CON POST [ab] /rd/${id} ?lt=30&b=U`)).toBe('2.04 [ab]')
  })

  test('chooses LwM2M JSON for what it is asked without Accept, and takes TLV', async () => {
    const device = registered()
    const id = await device.wish({ kind: 'read', path: '/3303/0' })
    expect(device.request()).toBe('GET /3303 /0')
    device.answer(`2.05 Content-Format=11543 ${json({ bn: '/3303/0/', e: [{ n: '5700', v: 21.5 }] })}`)
    expect(device.operation(id)).toMatchObject({ state: 'acknowledged' })
    await device.wish({ kind: 'write', path: '/3303/0/5750', value: 'cellar' })
    expect(device.request()).toBe('PUT /3303 /0 /5750 Content-Format=11542 <e6167663656c6c6172>')
  })

  test('answers each block of a write with 2.04 and no "more"', async () => {
    const device = new ScriptedDevice({ links: '</3/0>,</5/0>', query: 'lwm2m=1.0&lt=30&b=U' }).register()
    const id = await device.wish({ kind: 'write', path: '/5/0/0', value: 'c0'.repeat(3000) })
    for (;;) {
      const [, number, more, size] = /Block1=(\d+)\/([01])\/(\d+)/.exec(device.request())!
      device.answer(`2.04 Block1=${number}/0/${size}`)
      if (more === '0') break
    }
    expect(device.operation(id)).toMatchObject({ state: 'acknowledged', code: '2.04' })
  })
})

describe('Zephyr', () => {
  const links = '</>;ct=112,</1>;ver=1.1,</1/0>,</3>;ver=1.1,</3/0>,</5/0>,</3303>;ver=1.1,</3303/0>'
  const registered = (): ScriptedDevice => new ScriptedDevice({ links, query: 'lwm2m=1.1&lt=3600&b=U&Q' }).register()

  test('takes no second segment of the location that its option of twelve octets cannot hold', () => {
    expect(registered().registration!.id.length).toBeLessThanOrEqual(12)
  })

  test('registers in blocks that each have a token and an ETag, and goes on at "more" alone', () => {
    const device = new ScriptedDevice({ endpoint: 'urn:imei:1' })
    const body = [links, ...Array.from({ length: 80 }, (_, i) => `</3304/${i}>`)].join(',')
    const all = blocks(body, 256)
    const answers = all.map((block, i) =>
      device.say(`CON POST [0${i}] /rd ?lwm2m=1.1&ep=urn:imei:1&lt=3600 ETag=0x6c8e1c2f Content-Format=40 ${block}`),
    )
    expect(answers.slice(0, -1)).toEqual(all.slice(0, -1).map((_, i) => `2.31 [0${i}] Block1=${i}/1/256`))
    expect(answers.at(-1)).toMatch(/^2\.01 /)
    expect(device.registration?.links).toBe(body)
  })

  test('is written in SenML CBOR whose records begin with the base name, then the name', async () => {
    const device = registered()
    await device.wish({ kind: 'write-partial', path: '/3/0', value: { 14: '+02:00', 15: 'Europe/Berlin' } })
    const base = `21${'65'}${Buffer.from('/3/0/').toString('hex')}`
    const offset = `00${'62'}${Buffer.from('14').toString('hex')}03${'66'}${Buffer.from('+02:00').toString('hex')}`
    const zone = `00${'62'}${Buffer.from('15').toString('hex')}03${'6d'}${Buffer.from('Europe/Berlin').toString('hex')}`
    expect(device.request()).toBe(`POST /3 /0 Content-Format=112 <82a3${base}${offset}a2${zone}>`)
  })

  test('takes a first request with Block2 for a later one of nothing, so there is none in it', async () => {
    const device = registered()
    for (const path of ['/3', '/3/0', '/3/0/0']) {
      await device.wish({ kind: 'read', path })
      expect(device.request()).not.toContain('Block2')
      device.answer('4.04')
    }
  })
})

describe('wakaama', () => {
  const links = '</>;rt="oma.lwm2m";ct=110,</1/1>,</2>,</3/0>,</4/0>,</5/0>,</6/0>,</7/0>,</31024/10>,</31024/11>'
  const registered = (): ScriptedDevice => new ScriptedDevice({ links, query: 'lwm2m=1.1&lt=300&b=U' }).register()

  test('counts its notifications from 0, and sends them as NON', async () => {
    const device = registered()
    await device.wish({ kind: 'observe', path: '/3/0/9' })
    device.request()
    device.answer('2.05 Observe=0 Content-Format=0 "50"')
    expect(device.say(`NON 2.05 [${device.token}] Observe=1 Content-Format=0 "49"`)).toBe('')
    expect(device.told('notification')).toMatchObject([{ detail: { samples: [{ path: '/3/0/9', value: 49 }] } }])
  })

  test('is written and read in SenML JSON', async () => {
    const device = registered()
    await device.wish({ kind: 'read', path: '/3/0' })
    expect(device.request()).toBe('GET /3 /0 Accept=110')
    device.answer(
      `2.05 Content-Format=110 ${json([
        { bn: '/3/0/', n: '0', vs: 'Open Mobile Alliance' },
        { n: '9', v: 100 },
      ])}`,
    )
    await device.wish({ kind: 'write-partial', path: '/1/1', value: { 1: 60, 2: 5 } })
    const records = json([
      { bn: '/1/1/', n: '1', v: 60 },
      { n: '2', v: 5 },
    ])
    expect(device.request()).toBe(`POST /1 /1 Content-Format=110 ${records}`)
  })
})

/** Small clients of few hundred lines, as scripts in Node or Python: they read what their author has seen. */
describe('a client of 1.0 that', () => {
  const registered = (): ScriptedDevice =>
    new ScriptedDevice({ links: '</1/0>,</3/0>,</3303/0>', query: 'lt=3600&b=U' }).register()
  const written = async (device: ScriptedDevice): Promise<string> => {
    await device.wish({ kind: 'write', path: '/3303/0/5750', value: 'x' })
    return device.request()
  }

  test('has shown nothing is written in TLV', async () => {
    expect(await written(registered())).toContain('Content-Format=11542')
  })

  test.each(['Content-Format=0 "21.5"', '"21.5"'])(
    'answers for one value in text (%s) is written in text',
    async (text) => {
      const device = registered()
      await device.exchange({ kind: 'read', path: '/3303/0/5700' }, `2.05 ${text}`)
      expect(await written(device)).toBe('PUT /3303 /0 /5750 Content-Format=0 "x"')
    },
  )

  test('numbers formats as the drafts did is written, and asked, in their numbers', async () => {
    const device = registered()
    await device.exchange({ kind: 'read', path: '/3303/0/5700' }, '2.05 Content-Format=1541 "21.5"')
    expect(await written(device)).toBe('PUT /3303 /0 /5750 Content-Format=1541 "x"')
    device.answer('2.04')
    await device.exchange({ kind: 'read', path: '/3303/0' }, '2.05 Content-Format=1542 <e4164441ac0000>')
    await device.wish({ kind: 'read', path: '/3303/0' })
    expect(device.request()).toBe('GET /3303 /0 Accept=1542')
    expect(device.quirks).toContain('format.legacy')
  })

  test('takes TLV for an instance and only text for one value (mbed) is asked each in its own', async () => {
    const device = registered()
    const instance = { kind: 'write-partial', path: '/1/0', value: { 1: 60, 6: true } } as const
    expect(await written(device)).toContain('Content-Format=11542')
    device.answer('4.15')
    expect(device.request()).toContain('Content-Format=0')
    device.answer('2.04')
    await device.wish(instance)
    expect(device.request()).toContain('Content-Format=11542')
    device.answer('2.04')
    expect(await written(device)).toContain('Content-Format=0')
    device.answer('2.04')
    await device.wish(instance)
    expect(device.request()).toContain('Content-Format=11542')
  })

  test('says 4.06 to a format it cannot read is written in the next', async () => {
    const device = registered()
    await device.exchange({ kind: 'read', path: '/3303/0/5700' }, '2.05 Content-Format=0 "21.5"')
    const id = await device.wish({ kind: 'write', path: '/3303/0/5750', value: 'x' })
    expect(device.request()).toContain('Content-Format=0')
    device.answer('4.06')
    expect(device.request()).toContain('Content-Format=11542')
    device.answer('2.04')
    expect(device.operation(id)).toMatchObject({ state: 'acknowledged' })
  })
})
