import { expect, it } from 'vitest'
import { nativeAddon } from '../../../src/server/native-addon.ts'
import { openUdpTransport } from '../../../src/server/udp.ts'
import { RecordingHandler, transportOptions } from './udp-clients.ts'

const nativeHere = 'addon' in nativeAddon()

it.each([
  ['auto', nativeHere ? 'native' : 'dgram'],
  ['dgram', 'dgram'],
] as const)('%s opens %s here', async (choice, kind) => {
  const transport = await openUdpTransport(choice, transportOptions(new RecordingHandler()))
  expect(transport.kind).toBe(kind)
  await transport.close()
})

it('native opens native, or says what is missing', async () => {
  const opening = openUdpTransport('native', transportOptions(new RecordingHandler()))
  if (!nativeHere) return expect(opening).rejects.toMatchObject({ code: 'udp.native-missing' })
  const transport = await opening
  expect(transport.kind).toBe('native')
  return transport.close()
})

it('does not hide behind the other transport that the port is in use', async () => {
  const first = await openUdpTransport('auto', transportOptions(new RecordingHandler()))
  const again = openUdpTransport('auto', { ...transportOptions(new RecordingHandler()), port: first.local.port })
  await expect(again).rejects.toMatchObject({ code: 'udp.port-in-use' })
  await first.close()
})
