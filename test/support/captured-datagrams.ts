/** Four datagrams a flight recorder may hold: over IPv4, over IPv6, cut to its head, and of an unknown remote. */
import type { CapturedDatagram } from '../../src/api/capture.ts'

export const post = Buffer.from('42027d340a0bb272641128ff3c2f312f303e', 'hex')
export const created = Buffer.from('62417d340a0b8272640178', 'hex')
export const datagrams: CapturedDatagram[] = [
  {
    id: 1_795_219_200_123_456,
    direction: 'received',
    remote: { address: '192.0.2.7', port: 40_000 },
    size: post.length,
    head: post,
  },
  {
    id: 1_795_219_200_223_457,
    direction: 'sent',
    remote: { address: '2001:db8::7', port: 40_001 },
    size: created.length,
    head: created,
  },
  // Cut by the recorder.
  {
    id: 1_795_219_201_000_000,
    direction: 'received',
    remote: { address: '::ffff:1.2.3.4', port: 40_002 },
    size: 500,
    head: post,
  },
  { id: 1_795_219_202_000_000, direction: 'sent', remote: { address: '', port: 0 }, size: 500, head: post },
]
