import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { addon } from './addon.ts'

/** A network of our own, of which we can say what its loopback bears. */
const inNetwork = (mtu: number, command: string): ReturnType<typeof spawnSync> =>
  spawnSync('unshare', ['-rn', 'sh', '-c', `ip link set lo up mtu ${mtu} && ${command}`], { encoding: 'utf8' })

/** Sends datagrams of these lengths to itself, and prints how many were unsendable and the lengths that came. */
const script = `
  import { nativeAddon } from '${fileURLToPath(new URL('../../../src/server/native-addon.ts', import.meta.url))}'
  const { addon } = nativeAddon()
  let opened
  const read = () => {
    const lengths = new Uint32Array(opened.shared, 24 * 64, addon.udpReceive(opened.socket))
    console.log(new Uint32Array(opened.shared, 36 * 64, 3)[1], ...lengths)
    addon.udpClose(opened.socket)
  }
  opened = addon.udpOpen('0.0.0.0', 0, 100, 1 << 20, false, read)
  const lengths = [100, 1472, 1473, 60000, 50]
  new Float64Array(opened.shared, 16 * 64).fill(addon.udpPathOf(opened.socket, '127.0.0.1', opened.local[1]), 0, 5)
  new Uint32Array(opened.shared, 32 * 64).set(lengths)
  addon.udpSend(opened.socket, lengths.length)`

const canBeTried = addon !== undefined && inNetwork(1500, 'true').status === 0
if (canBeTried) {
  it('a datagram longer than its way bears leaves in fragments, and those beside it whole', () => {
    const { stdout } = inNetwork(1500, `'${process.execPath}' --input-type=module -e "${script}"`)
    expect(stdout).toBe('0 100 1472 1473 60000 50\n')
  })
} else {
  it('needs the add-on, and a network of its own (unshare -rn)', () => expect(canBeTried).toBe(false))
}
