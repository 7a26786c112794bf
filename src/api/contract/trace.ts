/** The flight recorder's view of a device: its last datagrams, decoded; or as they pass, as a stream. */
import Type, { type Static } from 'typebox'
import { endpointSchema, instantSchema } from './scalars.ts'

const dottedCode = (description: string) => Type.String({ pattern: '^\\d\\.\\d\\d$', description })
const milliseconds = (description: string) => Type.Number({ minimum: 0, description })
const octets = Type.Integer({ minimum: 0 })

export const tracedDatagramSchema = Type.Object(
  {
    id: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'Rises from datagram to datagram' }),
    at: instantSchema,
    direction: Type.Enum(['received', 'sent']),
    address: Type.String({ description: 'Of the device; empty where it is no longer known' }),
    port: Type.Integer({ minimum: 0, maximum: 65535 }),
    size: Type.Integer({ ...octets, description: 'Octets of CoAP' }),
    head: Type.String({
      pattern: '^([0-9a-f]{2})*$',
      description: 'Its first octets in hex; the payload is left out where it may hold keys of the device',
    }),
    type: Type.Optional(Type.Enum(['CON', 'NON', 'ACK', 'RST'])),
    code: Type.Optional(dottedCode('2.05; absent, as all of these, where it is no CoAP')),
    codeName: Type.Optional(Type.String()),
    messageId: Type.Optional(Type.Integer({ minimum: 0, maximum: 65535 })),
    token: Type.Optional(Type.String({ description: 'Hex' })),
    options: Type.Optional(
      Type.Array(
        Type.Object({ number: octets, name: Type.String(), value: Type.String() }, { additionalProperties: false }),
      ),
    ),
    payloadSize: Type.Optional(
      Type.Integer({ ...octets, description: 'Absent where the copy ends before it is known' }),
    ),
    fault: Type.Optional(Type.String({ description: 'What is wrong with the message' })),
    retransmission: Type.Boolean(),
    outcome: Type.Optional(
      Type.Enum(['answered', 'acknowledged', 'reset', 'unanswered'], {
        description: 'Of a request or a CON, so far',
      }),
    ),
    answer: Type.Optional(dottedCode('The code it was answered with')),
    roundTripMilliseconds: Type.Optional(milliseconds('From its first transmission to the outcome')),
    afterMilliseconds: Type.Optional(milliseconds('Of an answer: from the first transmission of what it answers')),
  },
  { title: 'TracedDatagram', additionalProperties: false },
)
export type TracedDatagramJson = Static<typeof tracedDatagramSchema>

export const traceSchema = Type.Object(
  {
    endpoint: endpointSchema,
    datagrams: Type.Array(tracedDatagramSchema, { description: 'Oldest first' }),
    next: Type.Integer({ description: 'The `after` from which a stream goes on' }),
  },
  { title: 'Trace', additionalProperties: false },
)

const after = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })

export const traceQuerySchema = Type.Object(
  {
    after: Type.Optional(
      Type.Integer({ ...after, description: 'Only datagrams with ids above this; a stream without it begins now' }),
    ),
  },
  { additionalProperties: false },
)

/** What a client had last when its stream broke (HTML Living Standard §9.2.4). */
export const traceHeadersSchema = Type.Object({ 'last-event-id': Type.Optional(after) })

export const captureMediaType = 'application/vnd.tcpdump.pcap'
