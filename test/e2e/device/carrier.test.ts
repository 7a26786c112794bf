/** What carries a device's datagrams: a way that is not there is told at once, not with the first datagram. */
import { expect, it } from 'vitest'
import { openUdp } from '../../../src/device/carrier.ts'

it('an address there is no way to is refused', async () => {
  const events = { received: () => undefined, refused: () => undefined, closed: () => undefined }
  // A socket that may not broadcast cannot be connected there; it needs no network.
  const nowhere = { address: '255.255.255.255', port: 5683, family: 'IPv4' } as const
  await expect(openUdp(nowhere, events)).rejects.toMatchObject({ code: 'EACCES' })
})
