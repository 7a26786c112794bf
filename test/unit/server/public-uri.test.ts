/** What devices are told of a listener: never an address that means "all of them". */
import type { NetworkInterfaceInfo } from 'node:os'
import { expect, it } from 'vitest'
import { outwardUri, publicUri, reachableUri, toldAs } from '../../../src/server/public-uri.ts'

const ipv4 = (address: string, internal = false): NetworkInterfaceInfo => ({
  address,
  internal,
  family: 'IPv4',
  netmask: '255.255.255.0',
  mac: '00:00:00:00:00:00',
  cidr: null,
})
const ipv6 = (address: string, scopeid = 0, internal = false): NetworkInterfaceInfo => ({
  address,
  internal,
  scopeid,
  family: 'IPv6',
  netmask: 'ffff:ffff:ffff:ffff::',
  mac: '00:00:00:00:00:00',
  cidr: null,
})
const loopback = { lo: [ipv4('127.0.0.1', true), ipv6('::1', 0, true)] }

const wide = { ...loopback, eth0: [ipv6('fe80::1', 2), ipv6('2001:db8::1'), ipv4('192.0.2.1')] }
const ipv6Alone = { ...loopback, eth0: [ipv6('fe80::1', 2), ipv6('2001:db8::1')] }

it.each([
  ['an address of its own', 'coap://192.0.2.7:5683', wide, 'coap://192.0.2.7:5683'],
  ['every IPv4 address', 'coaps://0.0.0.0:5684', wide, 'coaps://192.0.2.1:5684'],
  ['every address', 'coap://[::]:5683', wide, 'coap://192.0.2.1:5683'],
  ['every address, without IPv4', 'coap://[::]:5683', ipv6Alone, 'coap://[2001:db8::1]:5683'],
  ['every IPv4 address, with IPv6 alone', 'coap://0.0.0.0:5683', ipv6Alone, 'coap://127.0.0.1:5683'],
  ['every address of a machine alone', 'http://[::]:80', loopback, 'http://[::1]:80'],
  ['a name', 'https://fw.example.net/0.0.0.0', wide, 'https://fw.example.net/0.0.0.0'],
])('devices elsewhere are told of %s', (_what, uri, interfaces, told) => {
  expect(outwardUri(uri, interfaces)).toBe(told)
})

it.each([
  ['127.0.0.1', 'coaps://127.0.0.1:5684'],
  ['127.64.0.9', 'coaps://127.0.0.1:5684'],
  ['::1', 'coaps://[::1]:5684'],
  ['192.0.2.9', undefined],
])('a device at %s reaches every address at %s', (remote, uri) => {
  expect(reachableUri('coaps://0.0.0.0:5684', remote)).toBe(uri)
  expect(reachableUri('coaps://192.0.2.1:5684', remote)).toBe('coaps://192.0.2.1:5684')
})

it('is as set, before all else', () => {
  expect(publicUri('coaps://iot.example.net:5684/', 'coaps', { address: '0.0.0.0', port: 5684 })).toBe(
    'coaps://iot.example.net:5684',
  )
  expect(publicUri('', 'http', { address: '2001:db8::1', port: 80 })).toBe('http://[2001:db8::1]:80')
})

it('is said where the listener is not bound to it', () => {
  const bound = { address: '192.0.2.1', port: 5683 }
  expect(toldAs('coap://192.0.2.1:5683', bound)).toBe('')
  expect(toldAs('coap://iot.example.net', bound)).toBe(', told as coap://iot.example.net')
})
