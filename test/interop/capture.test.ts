/** Captures of the flight recorder, read by a program we did not write. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { captureOf } from '../../src/api/capture.ts'
import { datagrams } from '../support/captured-datagrams.ts'
import { isInstalled } from '../support/program.ts'

it('is read by tshark as CoAP, with sums that are right', ({ skip }) => {
  if (!isInstalled('tshark')) skip('tshark is not installed')
  const directory = mkdtempSync(join(tmpdir(), 'coapstan-pcap-'))
  const file = join(directory, 'trace.pcap')
  writeFileSync(file, captureOf(datagrams, '192.0.2.1'))
  const fields = 'frame.time_epoch ip.src ipv6.src udp.dstport coap.type coap.code coap.mid frame.len frame.cap_len'
  const { stdout } = spawnSync(
    'tshark',
    [
      '-n',
      '-r',
      file,
      '-T',
      'fields',
      '-E',
      'separator=|',
      '-o',
      'ip.check_checksum:TRUE',
      '-o',
      'udp.check_checksum:TRUE',
      ...[...fields.split(' '), 'ip.checksum.status', 'udp.checksum.status'].flatMap((field) => ['-e', field]),
    ],
    { encoding: 'utf8' },
  )
  rmSync(directory, { recursive: true })
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => line.split('|'))
  expect(rows.map((row) => row.slice(1))).toEqual([
    ['192.0.2.7', '', '5683', '0', '2', '32052', '46', '46', '1', '1'],
    ['', '::', '40001', '2', '65', '32052', '59', '59', '', '1'],
    ['', '::ffff:1.2.3.4', '5683', '0', '2', '32052', '548', '66', '', '2'],
    ['192.0.2.1', '', '0', '0', '2', '32052', '528', '46', '1', '3'],
  ])
  expect(rows.map(([time]) => Number(time))).toEqual(datagrams.map(({ id }) => id / 1e6))
})
