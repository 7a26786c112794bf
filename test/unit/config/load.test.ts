/** Settings from flags, environment and file: who wins, what values mean, and what is refused with which words. */
import { describe, expect, it } from 'vitest'
import { loadSettings, type SettingSources } from '../../../src/config/load.ts'
import { defaultSettings } from '../../../src/config/tunables.ts'

const load = (sources: Partial<SettingSources>) => loadSettings({ flags: {}, environment: {}, ...sources })

describe('a setting', () => {
  it('is its default where nobody says otherwise', () => {
    expect(load({})).toEqual(defaultSettings)
  })

  it('is what the flag says, else the environment, else the file', () => {
    const file = { coap: { port: 1 }, 'http.port': 2 }
    const environment = { COAPSTAN_COAP_PORT: '3' }
    expect(load({ file })).toMatchObject({ 'coap.port': 1, 'http.port': 2 })
    expect(load({ file, environment })).toMatchObject({ 'coap.port': 3, 'http.port': 2 })
    expect(load({ file, environment, flags: { 'coap.port': '4' } })).toMatchObject({ 'coap.port': 4 })
  })

  it.each([
    [{ COAPSTAN_HTTP_STREAM_STALL: '2m' }, { 'http.stream-stall': 120_000 }],
    [{ COAPSTAN_HTTP_STREAM_STALL: '1500' }, { 'http.stream-stall': 1500 }],
    [{ COAPSTAN_HTTP_BODY_LIMIT: '2m' }, { 'http.body-limit': 2_097_152 }],
    [{ COAPSTAN_IMAGES_S3_PREFIX: '' }, { 'images.s3.prefix': '' }],
    [{ COAPSTAN_LOG_LEVEL: 'debug' }, { 'log.level': 'debug' }],
  ])('%j is %j', (environment, settings) => {
    expect(load({ environment })).toMatchObject(settings)
  })
})

describe('is refused:', () => {
  it.each<[string, Partial<SettingSources>, string, string?]>([
    ['an unknown key in the file', { file: { coap: { prot: 1 } } }, "unknown setting 'coap.prot'"],
    ['a list in the file', { file: { coap: { port: [1] } } }, "'coap.port' in the configuration file is a list"],
    [
      'a number that is none',
      { flags: { 'coap.port': 'x' } },
      "--coap-port is 'x', not a whole number from 0 to 65535",
    ],
    ['a number out of range', { environment: { COAPSTAN_COAP_PORT: '65536' } }, "COAPSTAN_COAP_PORT is '65536'"],
    ['no choice', { environment: { COAPSTAN_LOG_LEVEL: 'loud' } }, "COAPSTAN_LOG_LEVEL is 'loud', not one of"],
    [
      'a letter missing',
      { environment: { COAPSTAN_COAP_PRT: '1' } },
      'the environment has COAPSTAN_COAP_PRT',
      'COAP_PORT',
    ],
    ['a name that is empty', { flags: { 'data.directory': '' } }, "--data-directory is empty: leave it out for 'data'"],
    ['an address that is empty', { environment: { COAPSTAN_HTTP_HOST: '' } }, 'COAPSTAN_HTTP_HOST is empty'],
    ['another hyphen', { environment: { COAPSTAN_LOGLEVEL: 'info' } }, 'which is no setting', 'COAPSTAN_LOG_LEVEL'],
  ])('%s', (_, sources, message, hint = '') => {
    expect(() => load(sources)).toThrow(
      expect.objectContaining({
        message: expect.stringContaining(message) as string,
        ...(hint !== '' && { hint: expect.stringContaining(hint) as string }),
      }),
    )
  })
})

it('leaves alone what others put into the environment', () => {
  const environment = {
    COAPSTAN_SERVER: 'http://127.0.0.1:8080',
    COAPSTAN_TOKEN: 'x',
    COAPSTAN_STORE_KEY: 'x',
    COAPSTAN_SERVICE_HOST: '10.0.0.1',
    COAPSTAN_PORT_5683_UDP: 'udp://10.0.0.1:5683',
  }
  expect(load({ environment })).toEqual(defaultSettings)
})
