/**
 * What the device holds of objects 0 to 2 while it is bootstrapped (LwM2M Core 1.1 §6.1): its bootstrap account,
 * which nobody may write or delete, and whatever it is given. Answers in CoAP codes; knows no socket.
 */
import { BodyAssembly } from './body-assembly.ts'
import { blockOctets } from './coap-options.ts'
import type { Code } from './objects/object-tree.ts'
import { decodeLeaves, encodeLeaves, formatName, formats } from './payload/formats.ts'
import { idsOf, pathText, type Leaf, type LeafValue, type ResourceType } from './payload/leaf.ts'
import type { Answer, Request } from './requests.ts'

/** The server the device was told to register with. */
export interface Account {
  readonly uri: string
  /** 0 pre-shared key, 3 none. */
  readonly mode: number
  readonly identity: string
  readonly key: Uint8Array
  /** Seconds. */
  readonly lifetime: number
  readonly shortId: number
}

const types: Readonly<Record<number, Readonly<Record<number, ResourceType>>>> = {
  0: { 0: 'string', 1: 'boolean', 2: 'integer', 3: 'opaque', 4: 'opaque', 5: 'opaque', 10: 'integer', 11: 'integer' },
  1: {
    0: 'integer',
    1: 'integer',
    2: 'integer',
    3: 'integer',
    6: 'boolean',
    7: 'string',
    13: 'integer',
    14: 'integer',
    15: 'boolean',
    16: 'boolean',
    17: 'integer',
    18: 'integer',
    19: 'integer',
    20: 'integer',
  },
  2: { 0: 'integer', 1: 'integer', 2: 'integer', 3: 'integer' },
}

export class BootstrapObjects {
  readonly #account: number
  readonly #bodies = new BodyAssembly()
  readonly #finished: (account: Account | undefined) => void
  #leaves: Leaf[]

  /** `account`: the instance of object 0 its bootstrap account sits at. `finished` hears of a Finish that was taken. */
  constructor(account: number, uri: string, finished: (account: Account | undefined) => void) {
    this.#account = account
    this.#finished = finished
    this.#leaves = [
      { path: [0, account, 0], type: 'string', value: uri },
      { path: [0, account, 1], type: 'boolean', value: true },
    ]
  }

  answer(request: Request): Answer {
    const { method, segments } = request
    const where = `/${segments.join('/')}`
    if (request.unknownCritical) return { code: '4.02', said: `${method} with an unknown critical option` }
    if (method === 'POST' && segments.join('/') === 'bs') return this.#finish()
    const path = idsOf(segments)
    if (path === undefined || path.length > 2) return { code: '4.04', said: `${method} ${where}` }
    switch (method) {
      case 'GET':
        return request.accept === formats.linkFormat ? this.#discover(path) : this.#read(path, request.accept)
      case 'PUT':
        return this.#write(path, request)
      case 'DELETE':
        return this.#delete(path)
      default:
        return { code: '4.05', said: `${method} ${where}` }
    }
  }

  #discover(path: readonly number[]): Answer {
    const instances = new Map(this.#leaves.map((leaf) => [pathText(leaf.path.slice(0, 2)), leaf.path.slice(0, 2)]))
    const links = [...instances.values()]
      .filter((one) => path.every((id, i) => one[i] === id))
      .map((one) => this.#link(one))
    const payload = Buffer.from(['</>;lwm2m=1.1', ...links, '</3/0>', '</4/0>', '</5/0>'].join(','))
    return { code: '2.05', format: formats.linkFormat, payload, said: `bootstrap discover ${pathText(path)}` }
  }

  #link(path: readonly number[]): string {
    const shortId = this.#value([...path, path[0] === 0 ? 10 : 0])
    return `<${pathText(path)}>${path[0] === 2 || shortId === undefined ? '' : `;ssid=${Number(shortId)}`}`
  }

  #read(path: readonly number[], accept: number | undefined): Answer {
    const said = `bootstrap read ${pathText(path)}`
    // Keys are nobody's to read (LwM2M Core 1.1 §6.1.7.2).
    if (path[0] !== 1 && path[0] !== 2) return { code: '4.05', said }
    const format = accept ?? formats.senmlCbor
    const below = this.#leaves.filter((leaf) => path.every((id, i) => leaf.path[i] === id))
    const payload = encodeLeaves(format, path, below)
    return payload === undefined ? { code: '4.06', said } : { code: '2.05', format, payload, said }
  }

  #delete(path: readonly number[]): Answer {
    const said = `bootstrap delete ${pathText(path)}`
    if (path[0] === 0 && path[1] === this.#account) return { code: '4.00', said }
    this.#leaves = this.#leaves.filter((leaf) => this.#isAccount(leaf) || !path.every((id, i) => leaf.path[i] === id))
    return { code: '2.02', said }
  }

  #write(path: readonly number[], { method, block1, payload, contentFormat = formats.tlv }: Request): Answer {
    const said = `bootstrap write ${pathText(path)} as ${formatName(contentFormat)}`
    if (path.length === 0) return { code: '4.05', said }
    const body = this.#bodies.add(`${method} ${pathText(path)}`, block1, payload)
    if (body.kind === 'refused') return { code: body.code, size1: body.limit, said }
    if (body.kind === 'more') return { code: '2.31', block1: blockOctets(body.block), said }
    const leaves = decodeLeaves(contentFormat, path, body.octets, (object, resource) => types[object]?.[resource])
    if (leaves === 'unsupported') return { code: '4.15', said }
    if (leaves === 'malformed') return { code: '4.00', said }
    if (leaves === 'unknown-resource') return { code: '4.04', said }
    if (leaves.some((leaf) => this.#isAccount(leaf))) return { code: '4.00', said: `${said}: the bootstrap account` }
    const written = new Set(leaves.map((leaf) => pathText(leaf.path.slice(0, 2))))
    this.#leaves = [...this.#leaves.filter((leaf) => !written.has(pathText(leaf.path.slice(0, 2)))), ...leaves]
    const echo = block1 === undefined ? {} : { block1: blockOctets({ ...block1, more: false }) }
    return { code: '2.04', said, ...echo }
  }

  #finish(): Answer {
    const account = this.#accountGiven()
    // Configuration that leads nowhere is inconsistent (LwM2M Core 1.1 §6.1.7.5).
    const code: Code = account === undefined ? '4.06' : '2.04'
    if (account !== undefined) this.#finished(account)
    return { code, said: 'bootstrap finish' }
  }

  /** The server with the lowest short id that has both its halves. */
  #accountGiven(): Account | undefined {
    const accounts = this.#leaves.flatMap((leaf): Account[] => {
      const [object, instance, resource] = leaf.path
      if (object !== 0 || resource !== 10 || this.#isAccount(leaf)) return []
      const at = (id: number): LeafValue | undefined => this.#value([0, instance!, id])
      const server = this.#leaves.find(({ path, value }) => path[0] === 1 && path[2] === 0 && value === leaf.value)
      const lifetime = server === undefined ? undefined : this.#value([1, server.path[1]!, 1])
      const [uri, mode, identity, key] = [at(0), at(2), at(3), at(5)]
      if (typeof uri !== 'string' || typeof lifetime !== 'number' || uri.startsWith('coaps:') !== (mode === 0))
        return []
      const name = identity instanceof Uint8Array ? Buffer.from(identity).toString('utf8') : ''
      const secret = key instanceof Uint8Array ? key : new Uint8Array(0)
      return [{ uri, mode: Number(mode), identity: name, key: secret, lifetime, shortId: Number(leaf.value) }]
    })
    return accounts.sort((a, b) => a.shortId - b.shortId)[0]
  }

  #isAccount({ path }: Leaf): boolean {
    return path[0] === 0 && path[1] === this.#account
  }

  #value(path: readonly number[]): LeafValue | undefined {
    return this.#leaves.find((leaf) => pathText(leaf.path) === pathText(path))?.value
  }
}
