/** `coapstan handshakes`: who came over DTLS, and why it did not work. */
import type { HandshakeJson } from '../../api/contract/handshake.ts'
import { does, type AddCommand } from '../command.ts'
import { countOf } from '../session.ts'
import { counted, type Style } from '../style.ts'
import type { Column } from '../table.ts'
import { timeColumn } from '../time-column.ts'

interface Options {
  readonly failed?: boolean
  readonly limit: string
}

export const addHandshakes: AddCommand = (parent, frame) => {
  does<Options>(
    parent
      .command('handshakes')
      .description('show the newest DTLS handshakes, and why they failed')
      .option('--failed', 'only those that failed')
      .option('--limit <count>', 'the newest so many', '50'),
    frame,
    ['coapstan handshakes --failed', 'coapstan handshakes -o json --limit 1000'],
    async ({ client, output, surroundings, note }, _args, { failed, limit }) => {
      const query = { limit: countOf('--limit', limit, 1), ...(failed && { failed }) }
      const whole = await client.call('listHandshakes', { query })
      const { handshakes, counts } = whole
      await output.list({
        rows: handshakes,
        columns: columns(surroundings.now()),
        name: ({ id }) => String(id),
        empty: failed ? 'no handshake has failed since the server started' : 'nobody came since the server started',
        whole,
      })
      if (!output.isForPeople || handshakes.length === 0) return
      note(`${counted(counts.completed, 'handshake')} completed and ${counts.failed} failed since the server started`)
    },
  )
}

const handshakeStyles: Readonly<Record<HandshakeJson['outcome'], Style>> = {
  completed: 'green',
  failed: 'red',
  failing: 'yellow',
}

function columns(now: number): readonly Column<HandshakeJson>[] {
  return [
    timeColumn('WHEN', ({ at }) => at, now),
    {
      title: 'FROM',
      text: ({ address, port }) => (address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`),
    },
    { title: 'IDENTITY', text: shortIdentity, flexible: true },
    { title: 'SUITE', text: ({ suite }) => suite ?? '' },
    { title: 'CID', text: ({ connectionId }) => connectionId ?? '' },
    { title: 'TOOK', text: ({ durationMilliseconds }) => `${durationMilliseconds} ms`, align: 'right' },
    { title: 'AGAIN', text: ({ retransmissions }) => String(retransmissions), align: 'right' },
    {
      title: 'OUTCOME',
      text: ({ outcome, resumed, reason }) => reason ?? (resumed ? 'resumed' : outcome),
      style: ({ outcome }) => handshakeStyles[outcome],
      flexible: true,
    },
  ]
}

/** Characters of a hash or public key that tell one from the other; the beginnings of public keys are alike. */
const enough = 16

function shortIdentity({ identity = '' }: HandshakeJson): string {
  const [, kind, hex] = /^(rpk|x509):([0-9a-f]+)$/.exec(identity) ?? []
  return kind === undefined ? identity : `${kind}:…${hex!.slice(-enough)}`
}
