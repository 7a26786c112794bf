/** Attributes, composites and quirks on the command line. */
import { beforeEach, describe, expect, it } from 'vitest'
import { start } from '../api/fake-fleet.ts'
import { cliUnderTest, type CliUnderTest } from './cli-under-test.ts'

let cli: CliUnderTest
beforeEach(async () => {
  cli = await cliUnderTest()
  cli.fleet.addDevice('dev', {
    quirks: [{ name: 'value.number-as-text', at: start, example: '5b7b7d5d' }, { name: 'tlv.integer-length' }],
  })
  cli.fleet.addDevice('other', { quirks: [{ name: 'value.number-as-text' }] })
  cli.fleet.addDevice('plain')
  cli.fleet.answer = () => ({ state: 'acknowledged', code: '2.04' })
})

it.each<[string[], object, string]>([
  [
    ['attributes', 'dev', '/3303/0/5700', 'pmin=10', 'pmax=60'],
    { kind: 'write-attributes', path: '/3303/0/5700', value: 'pmin=10 pmax=60' },
    '/3303/0/5700 has its attributes (2.04)\n',
  ],
  [
    ['composite', 'read', 'dev', '/3/0/9', 'Device/0/13'],
    { kind: 'read-composite', path: '/3/0/9 Device/0/13' },
    'read-composite /3/0/9 Device/0/13 is done (2.04)\n',
  ],
  [
    ['composite', 'write', 'dev', '/3/0/14=+02:00', '/1/0/2=60'],
    { kind: 'write-composite', value: { '/3/0/14': '+02:00', '/1/0/2': '60' } },
    '/ are written (2.04)\n',
  ],
  [
    ['composite', 'write', 'dev', '{"/1/0/2": 60}', '--json', '--force'],
    { kind: 'write-composite', value: { '/1/0/2': 60 } },
    '/ are written (2.04)\n',
  ],
  [
    ['composite', 'observe', 'dev', '/3/0/9', '/3/0/13'],
    { kind: 'observe-composite', path: '/3/0/9 /3/0/13' },
    '/3/0/9 /3/0/13 are observed\n',
  ],
  [
    ['composite', 'observe', 'dev', '/3/0/9', '/3/0/13', '--cancel'],
    { kind: 'cancel-observe', path: '/3/0/9 /3/0/13' },
    '/3/0/9 /3/0/13 are no longer observed\n',
  ],
])('%j', async (argv, draft, out) => {
  expect(await cli.run(...argv)).toEqual({ code: 0, out, err: '' })
  expect(cli.fleet.asked).toMatchObject([draft])
})

it('refuses a value without a path before anything is asked', async () => {
  expect(await cli.run('composite', 'write', 'dev', '+02:00')).toMatchObject({ code: 2 })
  expect(cli.fleet.asked).toEqual([])
})

describe('coapstan quirks', () => {
  it('says what one device does and what it was taken to mean', async () => {
    expect((await cli.run('quirks', 'dev', '-o', 'csv')).out).toBe(`QUIRK,THE DEVICE,SO,SINCE,IT SENT
value.number-as-text,sends numbers as text,they were read as numbers,${new Date(start).toISOString()},5b7b7d5d
tlv.integer-length,"sends integers of 3, 5, 6 or 7 octets",they were sign-extended,,
`)
    expect(await cli.run('quirks', 'plain')).toMatchObject({ code: 0, err: 'plain has no quirks\n' })
  })

  it('counts them over the fleet, the most common first', async () => {
    expect((await cli.run('quirks', '-o', 'csv')).out).toBe(`DEVICES,QUIRK,THE DEVICE,SO,FOR EXAMPLE
2,value.number-as-text,sends numbers as text,they were read as numbers,dev
1,tlv.integer-length,"sends integers of 3, 5, 6 or 7 octets",they were sign-extended,dev
`)
  })
})
