/** `coapstan trace`: what was said between the server and a device, datagram by datagram. */
import type { TracedDatagramJson } from '../../api/contract/trace.ts'
import type { Datagram } from '../coap/datagram.ts'
import { datagramLine, optionTexts } from '../coap/datagram-line.ts'
import { does, type AddCommand } from '../command.ts'
import { follow } from '../event-source.ts'
import { usageFailure } from '../failure.ts'
import { countOf, type Session } from '../session.ts'
import { counted, sizeText } from '../style.ts'
import type { Column } from '../table.ts'

interface TraceOptions {
  readonly follow?: boolean
  readonly pcap?: string
  readonly limit?: string
}

export const addTrace: AddCommand = (parent, frame) => {
  does<TraceOptions>(
    parent
      .command('trace')
      .argument('<endpoint>', 'its endpoint name')
      .description('show the last datagrams between the server and a device, decoded')
      .option('--follow', 'go on with what passes, until Ctrl-C')
      .option('--pcap <file>', 'write them to a capture that Wireshark opens instead: plain CoAP, no keys of DTLS')
      .option('--limit <count>', 'only the newest so many'),
    frame,
    [
      'coapstan trace urn:dev:demo-1',
      'coapstan trace urn:dev:demo-1 --follow',
      'coapstan trace urn:dev:demo-1 --pcap demo-1.pcap',
    ],
    async (session, [endpoint], options) => {
      if (options.pcap === undefined) return showTrace(session, endpoint!, options)
      if (options.follow) throw usageFailure('a capture is of what was; --pcap and --follow do not go together')
      const capture = await session.client.octets('traceCapture', { endpoint: endpoint! })
      session.surroundings.writeFile(options.pcap, capture)
      const whole = { file: options.pcap, size: capture.length }
      await session.output.done(whole, options.pcap, `${options.pcap} is written, ${sizeText(capture.length)}`)
    },
  )
}

async function showTrace(session: Session, endpoint: string, options: TraceOptions): Promise<void> {
  const { client, surroundings, note, output } = session
  const limit = options.limit === undefined ? Number.POSITIVE_INFINITY : countOf('--limit', options.limit, 1)
  const { datagrams, next } = await client.call('trace', { params: { endpoint }, query: {} })
  for (const datagram of datagrams.slice(-limit)) await showDatagram(session, datagram)
  if (!options.follow) {
    if (datagrams.length === 0) note(`nothing was heard of ${endpoint} since the server started`)
    else if (output.isForPeople) note(`${counted(Math.min(limit, datagrams.length), 'datagram')}; --follow goes on`)
    return
  }
  const open = (last: number): Promise<Response> => client.datagrams(endpoint, last, surroundings.interrupted)
  for await (const datagram of follow<TracedDatagramJson>(open, surroundings, next)) {
    // Of what passes just now nobody knows yet what becomes of it.
    const { outcome, ...passing } = datagram
    await showDatagram(session, outcome === 'unanswered' ? passing : datagram)
  }
}

async function showDatagram({ output, paint }: Session, traced: TracedDatagramJson): Promise<void> {
  const { at, direction, size } = traced
  const datagram = datagramOf(traced)
  await output.next(traced, {
    columns,
    name: ({ id }) => String(id),
    line: datagramLine({ at, direction, size, datagram, remarks: remarksOf(traced) }, paint),
  })
}

function datagramOf(traced: TracedDatagramJson): Datagram | undefined {
  const { type, code, codeName, messageId, token, options } = traced
  if (type === undefined || code === undefined || messageId === undefined) return undefined
  return { type, code, codeName, messageId, token: token ?? '', options: options ?? [] }
}

function remarksOf({ retransmission, fault, outcome, answer, ...times }: TracedDatagramJson): string[] {
  const { roundTripMilliseconds: roundTrip, afterMilliseconds: after } = times
  return [
    ...(retransmission ? ['again'] : []),
    ...(fault === undefined ? [] : [fault]),
    ...(outcome === undefined
      ? []
      : [[outcome, answer, roundTrip === undefined ? '' : `after ${durationOf(roundTrip)}`].filter(Boolean).join(' ')]),
    ...(after === undefined || outcome !== undefined ? [] : [`after ${durationOf(after)}`]),
  ]
}

function durationOf(milliseconds: number): string {
  return milliseconds < 10_000 ? `${Math.round(milliseconds)} ms` : `${Math.round(milliseconds / 1000)} s`
}

const columns: readonly Column<TracedDatagramJson>[] = [
  { title: 'AT', text: ({ at }) => at },
  { title: 'DIRECTION', text: ({ direction }) => direction },
  { title: 'TYPE', text: ({ type }) => type ?? '' },
  { title: 'CODE', text: ({ code }) => code ?? '' },
  { title: 'MID', text: ({ messageId }) => String(messageId ?? '') },
  { title: 'TOKEN', text: ({ token }) => token ?? '' },
  { title: 'OPTIONS', text: ({ options }) => optionTexts(options ?? []).join(' ') },
  { title: 'SIZE', text: ({ size }) => String(size) },
  { title: 'REMARKS', text: (traced) => remarksOf(traced).join(', ') },
]
