/**
 * A fleet over DTLS behind translators that forget it, on networks that lose a tenth, with a server that
 * stops and dies: whoever has a connection id never makes a second handshake, nothing is sealed twice under
 * one nonce, and what plain CoAP promises holds here too.
 */
import { describe, expect, test } from 'vitest'
import { hours, minutes } from '../../src/base/time.ts'
import { nodeCrypto } from '../../src/server/crypto-node.ts'
import { seeds, sized, worldOf } from './support.ts'

const devices = sized('SIM_DEVICES', 2000)
const length = hours(Number(process.env['SIM_HOURS'] ?? 4))
const timeout = 3_600_000

test('x', { timeout }, () => {
  const world = worldOf({
    seed: 1,
    devices,
    boot: minutes(20),
    hostileLoss: 0.1,
    operationsPerDay: 6,
    troubles: { serverCrashes: 48, serverStops: 24, failedCommits: 50 },
    security: { crypto: nodeCrypto(), withoutCidEvery: 8 },
  })
  const t0 = performance.now()
  try {
    world.run(length)
    console.log('run', performance.now() - t0)
    world.calm(hours(25))
    console.log('calm', performance.now() - t0)
    world.silence()
  } finally {
    console.log(
      new Date(world.now).toISOString(),
      performance.now() - t0,
      world.timeline.steps,
      world.ledger.counts,
      world.security?.books.counts,
      world.security?.books.faults,
      world.network.counts,
      world.server.crashes.length,
      world.security?.nonces.sealed,
    )
    console.log(world.server.process?.engine.secure?.dtls.sizes(), (world.stack as any).tunnels.dtls.sizes())
  }
})
