/** What `coapstan doctor` makes of a machine: good, worth a look, or to be mended, and what to do. */
import { describe, expect, it } from 'vitest'
import { defaultSettings } from '../../../../src/config/tunables.ts'
import type { Finding } from '../../../../src/server/doctor/finding.ts'
import {
  checkClock,
  checkCores,
  checkDescriptors,
  checkMemory,
  checkNode,
  checkReceiveBuffer,
  checkTransport,
} from '../../../../src/server/doctor/machine.ts'
import type { NativeAddon } from '../../../../src/server/native-addon.ts'

const files =
  (contents: Readonly<Record<string, string>>) =>
  (file: string): string | undefined =>
    contents[file]

const buffer = (most: string, snmp = '') =>
  checkReceiveBuffer(defaultSettings, files({ '/proc/sys/net/core/rmem_max': most, '/proc/net/snmp': snmp }))
const limits = (text: string) => checkDescriptors(files({ '/proc/self/limits': text }))
const addon = { addon: {} as NativeAddon }
const noon = Date.UTC(2026, 10, 21, 12)

const cases: readonly [string, Finding, Finding['verdict'], RegExp][] = [
  ['a Node of today', checkNode('26.10.0', '/usr/bin/node'), 'good', /26\.10\.0 \(\/usr\/bin\/node\)/],
  ['a Node of its long-term line', checkNode('24.15.0', '/usr/bin/node'), 'good', /24\.15\.0/],
  ['a Node that is too old', checkNode('22.20.0', '/usr/bin/node'), 'bad', /22\.20\.0/],
  ['the add-on', checkTransport(defaultSettings, addon), 'good', /native/],
  ['no add-on', checkTransport(defaultSettings, { missing: 'not built' }), 'warning', /dgram: not built/],
  [
    'no add-on where it was asked for',
    checkTransport({ ...defaultSettings, 'udp.transport': 'native' }, { missing: 'not built' }),
    'bad',
    /not built/,
  ],
  ['a kernel with room for bursts', buffer('8388608\n'), 'good', /4 MiB of at most 8 MiB/],
  ['a kernel with its usual limit', buffer('212992\n'), 'warning', /208 KiB of the 4 MiB/],
  [
    'a kernel that has dropped datagrams',
    buffer('212992', 'Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors\nUdp: 9 1 3 8 3\n'),
    'warning',
    /3 datagrams dropped/,
  ],
  ['another system', checkReceiveBuffer(defaultSettings, files({})), 'good', /no limit/],
  [
    'a shell with its usual limit',
    limits('Max open files            1024                 4096    files'),
    'good',
    /1024/,
  ],
  [
    'a shell that allows few files',
    limits('Max open files            256                  4096    files'),
    'warning',
    /256/,
  ],
  [
    'a shell without a limit',
    limits('Max open files            unlimited            unlimited    files'),
    'good',
    /unl/,
  ],
  ['memory to spare', checkMemory(defaultSettings, 4 * 1024 ** 3), 'good', /4 GiB free/],
  ['too little memory', checkMemory(defaultSettings, 64 * 1024 ** 2), 'warning', /64 MiB free/],
  ['a core a shard', checkCores({ ...defaultSettings, shards: 4 }, 4), 'good', /4, 4 shards/],
  ['more shards than cores', checkCores({ ...defaultSettings, shards: 4 }, 2), 'warning', /2, 4 shards/],
  ['a clock that is kept', checkClock(noon, noon - 1, true), 'good', /2026-11-21T12:00:00.000Z, synchronized/],
  ['a clock nobody keeps', checkClock(noon, undefined, false), 'warning', /not synchronized/],
  ['a clock behind the database', checkClock(noon, noon + 60_000, true), 'bad', /events of 2026-11-21T12:01/],
]

describe('the doctor', () => {
  it.each(cases)('sees %s', (_what, finding, verdict, found) => {
    expect(finding).toMatchObject({ verdict, found: expect.stringMatching(found) })
    // Whoever is told of something amiss is told what to do.
    expect(finding.remedy === undefined).toBe(verdict === 'good')
  })

  it('names the very line that raises the limit', () => {
    expect(buffer('212992').remedy).toContain('sysctl -w net.core.rmem_max=4194304')
  })
})
