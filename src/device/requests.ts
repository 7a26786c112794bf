/**
 * What the device answers to each LwM2M request (LwM2M Core 1.1 §6.3, Transport 1.1 §6.4). Synchronous and
 * without a socket: a request in, an answer out.
 */
import type { Instant } from '../base/time.ts'
import type { AttributeStore } from './attributes.ts'
import { blockOctets, type Block } from './coap-options.ts'
import { BodyAssembly } from './body-assembly.ts'
import { discover, registrationLinks } from './discovery.ts'
import { find, readLeaves, typeIn, writeLeaves, type Code, type ObjectTree } from './objects/object-tree.ts'
import type { Channel, Observations } from './observations.ts'
import { decodeLeaves, decodePaths, defaultFormat, encodeLeaves, formatName, formats } from './payload/formats.ts'
import { idsOf, pathText, type Leaf } from './payload/leaf.ts'

export interface Request {
  readonly method: string
  readonly segments: readonly string[]
  readonly queries: readonly string[]
  readonly accept: number | undefined
  readonly contentFormat: number | undefined
  readonly payload: Buffer
  readonly block1: Block | undefined
  readonly observe: 'start' | 'stop' | undefined
  /** Hex. */
  readonly token: string
  readonly unknownCritical: boolean
}

export interface Answer {
  readonly code: Code
  readonly format?: number
  readonly payload?: Buffer
  /** Block1 to answer with, octets of the option. */
  readonly block1?: Buffer
  /** Size1 with a 4.13. */
  readonly size1?: number
  /** The observation was taken: notifications may follow. */
  readonly observing?: boolean
  /** What happened, for the log. */
  readonly said: string
}

/** Takes an image pushed to /5/0/0 block by block. */
export interface PackageReceiver {
  /** 2.31 wants more, 2.04 has it all, anything else refuses. */
  receive(offset: number, octets: Uint8Array, more: boolean): Code
}

export interface RequestPorts {
  readonly tree: ObjectTree
  readonly attributes: AttributeStore
  readonly observations: Observations
  readonly package: PackageReceiver
  /** Octets of the largest block it takes. */
  readonly writeBlockSize: number
}

const firmwarePackage = '/5/0/0'

export class RequestHandler {
  readonly #ports: RequestPorts
  readonly #bodies = new BodyAssembly()

  constructor(ports: RequestPorts) {
    this.#ports = ports
  }

  /** `channel` is the way back to the observer, used only where the answer says `observing`. */
  answer(request: Request, channel: Channel, now: Instant): Answer {
    const { method, segments, queries } = request
    if (request.unknownCritical) return { code: '4.02', said: `${method} with an unknown critical option` }
    const well = segments.join('/')
    if (method === 'GET' && well === '.well-known/core') return this.#wellKnown()
    const path = idsOf(segments)
    const where = `/${well}`
    if (path === undefined || (path.length > 0 && find(this.#ports.tree, path) === undefined)) {
      return { code: '4.04', said: `${method} ${where}` }
    }
    if (path.length > 0) {
      if (method === 'GET') return this.#get(path, request, channel, now)
      if (method === 'PUT' && queries.length > 0 && request.payload.length === 0) return this.#attributes(path, request)
      if (method === 'PUT' || (method === 'POST' && this.#isWrite(path, request))) return this.#write(path, request)
      if (method === 'POST' && path.length === 3) return this.#execute(path, request)
    }
    if (path.length === 0 && method === 'FETCH') return this.#readComposite(request, channel, now)
    if (path.length === 0 && method === 'iPATCH') return this.#writeComposite(request)
    return { code: '4.05', said: `${method} ${where}` } // Create and Delete among them
  }

  #wellKnown(): Answer {
    const links = registrationLinks(this.#ports.tree)
    return { code: '2.05', format: formats.linkFormat, payload: Buffer.from(links), said: 'discover /.well-known/core' }
  }

  #get(path: readonly number[], request: Request, channel: Channel, now: Instant): Answer {
    const { tree, attributes, observations } = this.#ports
    const { accept, observe, token } = request
    if (accept === formats.linkFormat) {
      const links = discover(tree, path, attributes)
      const said = `discover ${pathText(path)}`
      if (links === undefined) return { code: '4.04', said }
      return { code: '2.05', format: accept, payload: Buffer.from(links), said }
    }
    const verb = observe === 'start' ? 'observe' : 'read'
    if (observe === 'stop' && observations.cancel(token) !== undefined) {
      return { ...this.#read(path, accept, 'cancel observation of'), observing: false }
    }
    const answer = this.#read(path, accept, verb)
    if (observe !== 'start' || answer.format === undefined) return answer
    const last = { at: now, leaves: readLeaves(tree, path) }
    const observing = observations.start(token, { base: path, paths: [path], format: answer.format, channel, last })
    return { ...answer, observing }
  }

  #read(path: readonly number[], accept: number | undefined, verb: string): Answer {
    const found = find(this.#ports.tree, path)
    const leaves = readLeaves(this.#ports.tree, path)
    const said = `${verb} ${pathText(path)}`
    if (leaves.length === 0 && found?.kind === 'resource') return { code: '4.05', said }
    const format = accept ?? defaultFormat(path, leaves)
    const payload = encodeLeaves(format, path, leaves)
    if (payload === undefined) return { code: '4.06', said: `${said} as ${formatName(format)}` }
    return { code: '2.05', format, payload, said: `${said} as ${formatName(format)}` }
  }

  /** LwM2M Core 1.1 §6.3.8: what cannot be read is left out. */
  #readComposite({ contentFormat, accept, payload, observe, token }: Request, channel: Channel, now: Instant): Answer {
    const { tree, observations } = this.#ports
    if (observe === 'stop') observations.cancel(token)
    const said = `${observe === 'start' ? 'observe' : 'read'} composite`
    const paths = decodePaths(contentFormat, payload)
    if (paths === 'unsupported') return { code: '4.15', said }
    if (paths === 'malformed') return { code: '4.00', said }
    const leaves = paths.flatMap((path) => readLeaves(tree, path))
    if (leaves.length === 0) return { code: '4.04', said }
    const format = accept ?? contentFormat ?? formats.senmlCbor
    const encoded = encodeLeaves(format, [], leaves)
    if (encoded === undefined || format === formats.tlv)
      return { code: '4.06', said: `${said} as ${formatName(format)}` }
    const answer: Answer = { code: '2.05', format, payload: encoded, said: `${said} ${paths.map(pathText).join(' ')}` }
    if (observe !== 'start') return answer
    const last = { at: now, leaves }
    return { ...answer, observing: observations.start(token, { base: [], paths, format, channel, last }) }
  }

  #writeComposite({ contentFormat, payload }: Request): Answer {
    const said = 'write composite'
    if (contentFormat !== formats.senmlJson && contentFormat !== formats.senmlCbor) return { code: '4.15', said }
    const leaves = decodeLeaves(contentFormat, [], payload, typeIn(this.#ports.tree))
    if (leaves === 'malformed' || leaves === 'unsupported') return { code: '4.00', said }
    if (leaves === 'unknown-resource') return { code: '4.04', said }
    return { code: writeLeaves(this.#ports.tree, leaves), said: `${said} ${leaves.map(shown).join(', ')}` }
  }

  #attributes(path: readonly number[], { queries }: Request): Answer {
    const said = `write attributes ${queries.join('&')} of ${pathText(path)}`
    return { code: this.#ports.attributes.write(path, queries) ? '2.04' : '4.00', said }
  }

  /** POST is a partial update of an instance; of a resource it is a write only where there is something to write. */
  #isWrite(path: readonly number[], { contentFormat, block1 }: Request): boolean {
    if (path.length === 2) return true
    const found = find(this.#ports.tree, path)
    if (found?.kind !== 'resource' || found.resource.execute !== undefined) return false
    return contentFormat !== undefined || block1 !== undefined
  }

  #write(path: readonly number[], request: Request): Answer {
    const { contentFormat, block1 } = request
    const where = pathText(path)
    const raw = contentFormat === undefined || contentFormat === formats.opaque
    if (where === firmwarePackage && raw) return this.#push(request)
    const body = this.#bodies.add(`${request.method} ${where}`, block1, request.payload)
    const said = `write ${where}`
    if (body.kind === 'refused') return { code: body.code, size1: body.limit, said: `${said} in blocks` }
    if (body.kind === 'more')
      return { code: '2.31', block1: blockOctets(body.block), said: `${said}, block ${body.block.num}` }
    const format = contentFormat ?? formats.text
    const leaves = decodeLeaves(format, path, body.octets, typeIn(this.#ports.tree))
    const echo = block1 === undefined ? {} : { block1: blockOctets({ ...block1, more: false }) }
    if (leaves === 'unsupported') return { code: '4.15', said: `${said} as ${formatName(format)}` }
    if (leaves === 'malformed') return { code: '4.00', said: `${said}: malformed ${formatName(format)}` }
    if (leaves === 'unknown-resource') return { code: '4.04', said }
    return { code: writeLeaves(this.#ports.tree, leaves), said: `write ${leaves.map(shown).join(', ')}`, ...echo }
  }

  #push({ payload, block1 }: Request): Answer {
    const receiver = this.#ports.package
    if (block1 === undefined) return { code: receiver.receive(0, payload, false), said: 'firmware package' }
    const code = receiver.receive(block1.num * block1.size, payload, block1.more)
    // RFC 7959 §2.3: the answer to the first block may ask for smaller ones
    const size = block1.num === 0 ? Math.min(block1.size, this.#ports.writeBlockSize) : block1.size
    return { code, block1: blockOctets({ ...block1, size }), said: `firmware package, block ${block1.num}` }
  }

  #execute(path: readonly number[], { payload }: Request): Answer {
    const argument = payload.toString('utf8')
    const said = `execute ${pathText(path)}${argument === '' ? '' : ` with ${JSON.stringify(argument)}`}`
    const found = find(this.#ports.tree, path)
    if (found?.kind !== 'resource' || found.resource.execute === undefined) return { code: '4.05', said }
    return { code: found.resource.execute(argument) ?? '2.04', said: `${said} (${found.resource.name})` }
  }
}

/** "/3/0/14 = +02:00" */
export function shown({ path, value }: Leaf): string {
  const text = value instanceof Uint8Array ? `${value.length} octets` : String(value)
  return `${pathText(path)} = ${text === '' ? '""' : text}`
}
