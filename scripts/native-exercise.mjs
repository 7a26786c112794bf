/**
 * Uses every function of the native add-on for some seconds, in plain JavaScript: for valgrind, under
 * which vitest would take an hour. Exits 0 when every answer was right.
 */
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { arch, platform } from 'node:process'

const addon = createRequire(import.meta.url)(`../native/build/${platform}-${arch}/coapstan.node`)
const lengths = [0, 1, 15, 16, 17, 50, 255, 1100]

for (let round = 0; round < 20; round++) {
  for (let algorithm = 0; algorithm < 7; algorithm++) {
    const key = addon.aeadKey(algorithm, new Uint8Array(algorithm < 2 || algorithm === 4 ? 16 : 32).fill(round))
    const nonce = new Uint8Array(12).fill(algorithm)
    for (const length of lengths) {
      const buffer = new Uint8Array(length + 32).fill(length)
      const end = addon.aeadRun(1, key, nonce, nonce, buffer, 0, length, buffer, 7)
      assert.equal(addon.aeadRun(0, key, nonce, nonce, buffer, 7, end, buffer, 0), length)
      assert.equal(addon.aeadRun(0, key, nonce, nonce, buffer, 0, length + 16, buffer, 3), -1)
    }
    assert.throws(() => addon.aeadRun(1, key, nonce, nonce, nonce, 0, 13, nonce, 0))
    addon.aeadKeyFree(key)
    assert.throws(() => addon.aeadKeyFree(key))
  }
}

let received = 0
const opened = addon.udpOpen('0.0.0.0', 0, 64, 65_536, true, () => {
  for (let count; (count = addon.udpReceive(opened.socket)) > 0;) received += count
})
const shared = new DataView(opened.shared)
for (let round = 0; round < 50; round++) {
  for (let i = 0; i < 64; i++) {
    const to = i % 2 === 0 ? ['127.0.0.1', opened.local[1]] : [`127.0.1.${i}`, 9 + round]
    shared.setFloat64(1024 + 8 * i, i === 63 ? -1 : addon.udpPathOf(opened.socket, ...to), true)
    shared.setUint32(1792 + 4 * i, i * 100, true)
    shared.setUint32(2048 + 4 * i, i === 61 ? 4_000_000_000 : i, true)
  }
  assert.equal(addon.udpSend(opened.socket, 64), 64)
  // Every second one is to ourselves; an emulated processor takes its time.
  for (let tries = 0; received < 32 * (round + 1) && tries < 40; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
addon.udpClose(opened.socket)
assert.throws(() => addon.udpReceive(opened.socket))
assert.ok(received > 500, `received ${received}`)
console.log(`exercised: ${received} datagrams`)
