/** What came back, in the format the user wants: a line about the answer and its payload, one object, or raw octets. */
import { jsonOfPayload, payloadText } from './payload.ts'
import { first, uintOf, type RawOptions } from '../../device/coap-options.ts'
import type { Session } from '../session.ts'
import { printable, sizeText } from '../style.ts'
import type { Reply } from './client.ts'
import { codeNames, optionText } from './datagram.ts'
import { optionTexts } from './datagram-line.ts'

/** `isRaw`: the payload's octets and nothing else, for `-o raw`. */
export async function showReply(session: Session, reply: Reply, isRaw: boolean): Promise<void> {
  const { surroundings, output, paint } = session
  const { out, err } = surroundings
  const format = uintOf(first(reply.options, 'Content-Format'))
  if (isRaw) {
    if (!isSuccess(reply)) err.write(`${replyLine(session, reply)}\n`)
    if (reply.payload.length > 0) out.write(reply.payload)
  } else if (output.isForPeople) {
    const width = out.isTerminal ? out.columns : undefined
    out.write(`${replyLine(session, reply)}\n${payloadText(reply.payload, format, { paint, width })}`)
  } else {
    const { code, payload, roundTrip } = reply
    const whole = {
      code,
      codeName: codeNames[code],
      options: textsOf(reply.options),
      size: payload.length,
      roundTripMilliseconds: rounded(roundTrip),
      payload: jsonOfPayload(payload, format),
      payloadHex: payload.toString('hex'),
    }
    const columns = (['code', 'size', 'roundTripMilliseconds', 'payloadHex'] as const).map((title) => ({
      title,
      text: (row: typeof whole) => String(row[title]),
    }))
    await output.next(whole, { columns, name: () => code, line: '' })
  }
}

export function isSuccess({ code }: Reply): boolean {
  return code.startsWith('2.')
}

function replyLine({ paint }: Session, { code, options, payload, roundTrip }: Reply): string {
  const name = [code, codeNames[code]].filter(Boolean).join(' ')
  const size = sizeText(payload.length)
  const colour = code.startsWith('2.') ? 'green' : 'red'
  return [
    paint(colour, printable(name)),
    ...optionTexts(textsOf(options)).map(printable),
    paint('dim', `${size}  ${rounded(roundTrip)} ms`),
  ].join('  ')
}

function textsOf(options: RawOptions): { name: string; value: string }[] {
  return options.map(([name, value]) => ({ name, value: optionText(name, value) }))
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10
}
