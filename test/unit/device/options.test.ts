/** What `coapstan device` can be told: where it leads, and which of it makes no sense together. */
import { expect, it } from 'vitest'
import {
  checkDeviceOptions,
  defaultDeviceOptions,
  protocolsOf,
  type DeviceOptions,
} from '../../../src/device/options.ts'
import type { Protocol } from '../../../src/device/firmware/package-uri.ts'

const psk = { identity: 'a', key: Uint8Array.of(1) }
const optionsOf = (more: Partial<DeviceOptions>): DeviceOptions => ({
  ...defaultDeviceOptions,
  endpoint: 'urn:dev:a',
  print: () => undefined,
  ...more,
})

it.each<[Partial<DeviceOptions>, string]>([
  [{ endpoint: '' }, '--endpoint must not be empty'],
  [{ endpoint: 'a b' }, '--endpoint must not be empty nor contain blanks'],
  [{ loss: 1.5 }, '--loss is a share between 0 and 1'],
  [{ server: 'http://127.0.0.1' }, '--server is a URI like coap://127.0.0.1:5683'],
  [{ server: 'coaps://127.0.0.1' }, '--server coaps:// goes together with --psk'],
  [{ psk }, '--server coaps:// goes together with --psk'],
  [{ bootstrap: 'coaps://127.0.0.1' }, '--bootstrap coaps:// goes together with --psk'],
  [{ protocols: ['ftp' as Protocol] }, "--protocols names coap, coaps, http, https, not 'ftp'"],
  [{ protocols: ['coaps'] }, '--protocols names coaps, which wants a key'],
])('%j makes no sense', (more, sentence) => {
  expect(() => checkDeviceOptions(optionsOf(more))).toThrow(sentence)
})

it.each<[Partial<DeviceOptions>, readonly string[]]>([
  [{}, ['coap']],
  [{ server: 'coaps://127.0.0.1', psk }, ['coap', 'coaps']],
  [{ protocols: ['https', 'coap'] }, ['https', 'coap']],
])('%j fetches packages with %j', (more, protocols) => {
  const options = optionsOf(more)
  expect(protocolsOf(options, checkDeviceOptions(options))).toEqual(protocols)
})
