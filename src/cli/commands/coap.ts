/** `coapstan coap`: a debugging client for any CoAP server; it speaks to the server named by the URI, not to ours. */
import type { Command } from 'commander'
import { withExamples, type AddCommand, type Frame } from '../command.ts'
import type { RequestOptions } from '../coap/client.ts'
import { contentFormatOf } from '../coap/content-formats.ts'
import type { Calling } from '../coap/run.ts'
import { targetOf } from '../coap/target.ts'
import { usageFailure } from '../failure.ts'
import { pskOf } from '../psk.ts'
import { countOf, durationOf, openSession, type GlobalOptions, type Session } from '../session.ts'

/** All that any of the commands takes. */
interface GivenOptions {
  readonly non?: boolean
  readonly accept?: string
  readonly contentFormat?: string
  readonly payload?: string
  readonly payloadFile?: string
  readonly blockSize?: string
  readonly psk?: string
  readonly trace?: boolean
  readonly count?: string
  readonly duration?: string
  readonly filter?: string
}

type Method = RequestOptions['method']

export const addCoap: AddCommand = (parent, frame) => {
  const coap = withExamples(
    parent
      .command('coap')
      .description(
        'speak CoAP to any server, to look closely; -o raw writes the payload alone, --token is the request’s, in hex',
      ),
    ['coapstan coap get coap://127.0.0.1/.well-known/core --trace', 'coapstan coap ping coap://192.0.2.1'],
  )
  addMethod(coap, frame, 'GET', 'fetch a representation', false, [
    'coapstan coap get coap://127.0.0.1/.well-known/core',
    'coapstan coap get coap://[::1]/fw/image --block-size 256 -o raw > image.bin',
  ])
  addMethod(coap, frame, 'POST', 'have a payload processed', true, [
    'coapstan coap post coap://127.0.0.1/data --payload \'{"t":21.5}\' --content-format json',
  ])
  addMethod(coap, frame, 'PUT', 'replace a representation', true, [
    'coapstan coap put coap://192.0.2.1/config --payload-file config.cbor --content-format cbor',
  ])
  addMethod(coap, frame, 'DELETE', 'delete a resource', false, ['coapstan coap delete coap://192.0.2.1/rules/7'])
  addMethod(coap, frame, 'FETCH', 'ask for what the payload describes (RFC 8132)', true, [
    'coapstan coap fetch coap://192.0.2.1/s --payload-file paths.cbor --content-format senml-etch-cbor',
  ])
  const observe = coap
    .command('observe')
    .description('be told of each change (RFC 7641), until Ctrl-C')
    .option('--count <count>', 'end after so many answers')
    .option('--duration <duration>', 'end after this time')
  calling(withRequestOptions(observe), frame, ['coapstan coap observe coap://192.0.2.1/temp --count 3'], async (call) =>
    (await import('../coap/run.ts')).runObserve(call.calling, await requestOf('GET', call.given, call.calling), {
      count: call.given.count === undefined ? undefined : countOf('--count', call.given.count, 1),
      duration: call.given.duration === undefined ? undefined : durationOf('--duration', call.given.duration),
    }),
  )
  const discover = coap
    .command('discover')
    .description('list the resources of a server (RFC 6690)')
    .option('--filter <argument>', 'only those with an attribute: rt=temperature, href=/s*')
  calling(withRequestOptions(discover), frame, ['coapstan coap discover 192.0.2.1'], async (call) => {
    const { target } = call.calling
    const query = call.given.filter === undefined ? target.query : [...target.query, call.given.filter]
    const path = target.path.length > 0 ? target.path : ['.well-known', 'core']
    const calling: Calling = { ...call.calling, target: { ...target, path, query } }
    return (await import('../coap/run.ts')).runRequest(calling, await requestOf('GET', call.given, calling))
  })
  const ping = coap
    .command('ping')
    .description('ask whether a CoAP endpoint is there, by an empty message it has to reject')
    .option('--count <count>', 'so many times', '1')
  calling(withWireOptions(ping), frame, ['coapstan coap ping coap://192.0.2.1 --count 3'], async (call) =>
    (await import('../coap/run.ts')).runPing(call.calling, countOf('--count', call.given.count!, 1)),
  )
}

function addMethod(
  coap: Command,
  frame: Frame,
  method: Method,
  description: string,
  takesPayload: boolean,
  examples: readonly string[],
): void {
  const command = withRequestOptions(coap.command(method.toLowerCase()).description(description))
  if (takesPayload) {
    command
      .option('--payload <text>', 'what to send')
      .option('--payload-file <file>', 'what to send, from a file')
      .option('--content-format <format>', 'what that is, by name or number: json, cbor, senml-cbor, 11542')
  }
  calling(command, frame, examples, async (call) =>
    (await import('../coap/run.ts')).runRequest(call.calling, await requestOf(method, call.given, call.calling)),
  )
}

function withRequestOptions(command: Command): Command {
  return withWireOptions(
    command
      .option('--accept <format>', 'the wanted content format, by name or number')
      .option('--block-size <octets>', 'size of blocks, a power of two from 16 to 1024 (RFC 7959)')
      .option('--non', 'as a non-confirmable message'),
  )
}

function withWireOptions(command: Command): Command {
  return command
    .argument('<uri>', 'coap://host[:port]/path?query; coap:// may be left out')
    .option('--psk <identity:hexkey>', 'for coaps://')
    .option('--trace', 'show each datagram, decoded')
}

interface Call {
  readonly calling: Calling
  readonly given: GivenOptions
}

/** As `does` is for commands that speak to our server; `-o raw` and the token mean something else here. */
function calling(
  command: Command,
  frame: Frame,
  examples: readonly string[],
  handler: (call: Call) => Promise<number>,
): void {
  withExamples(command, examples).action(async (uri: string, given: GivenOptions) => {
    const globals = command.optsWithGlobals<GlobalOptions>()
    const isRaw = globals.output === 'raw'
    const session = openSession({ ...globals, ...(isRaw && { output: 'table' }) }, frame.surroundings)
    const target = targetOf(uri)
    const psk = pskOf(given.psk)
    if (target.secure && psk === undefined) {
      throw usageFailure(`${uri} wants a key`, '--psk identity:hexkey says which; certificates are not spoken here')
    }
    if (!target.secure && psk !== undefined) throw usageFailure('--psk is for coaps://', `write coaps:// in ${uri}`)
    const token = tokenOf(globals.token)
    frame.exitCode = await handler({
      calling: { session, target, psk, isRaw, token, isTraced: given.trace === true },
      given,
    })
  })
}

function tokenOf(text: string | undefined): Buffer | undefined {
  if (text === undefined) return undefined
  if (/^(?:[0-9a-f]{2}){1,8}$/i.test(text)) return Buffer.from(text, 'hex')
  throw usageFailure(`--token '${text}' is no CoAP token`, 'one to eight octets in hex, for example 8f01')
}

async function requestOf(
  method: Method,
  given: GivenOptions,
  { session, token }: Pick<Calling, 'session' | 'token'>,
): Promise<RequestOptions> {
  const { accept, contentFormat, blockSize } = given
  const payload = await payloadOf(session, given)
  return {
    method,
    confirmable: given.non !== true,
    ...(payload !== undefined && { payload }),
    ...(contentFormat !== undefined && { contentFormat: contentFormatOf('--content-format', contentFormat) }),
    ...(accept !== undefined && { accept: contentFormatOf('--accept', accept) }),
    ...(blockSize !== undefined && { blockSize: blockSizeOf(blockSize) }),
    ...(token !== undefined && { token }),
  }
}

async function payloadOf(session: Session, { payload, payloadFile }: GivenOptions): Promise<Buffer | undefined> {
  if (payload !== undefined && payloadFile !== undefined) throw usageFailure('--payload or --payload-file, not both')
  if (payloadFile === undefined) return payload === undefined ? undefined : Buffer.from(payload)
  const file = session.surroundings.openFile(payloadFile)
  if (file === undefined) throw usageFailure(`there is no file '${payloadFile}'`)
  return Buffer.from(await new Response(file.stream()).arrayBuffer())
}

function blockSizeOf(text: string): number {
  const size = Number(text)
  if ([16, 32, 64, 128, 256, 512, 1024].includes(size)) return size
  throw usageFailure(`--block-size '${text}' is no block size`, 'a power of two from 16 to 1024')
}
