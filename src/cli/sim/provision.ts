/** Makes a simulated fleet known to a server: keys, devices with their networks, images; by its API only. */
import { hexOf, utf8, type Bytes } from '../../base/bytes.ts'
import type { ProfileName } from '../../config/profiles.ts'
import type { Session } from '../session.ts'

export interface NewDevice {
  readonly endpoint: string
  readonly profile: ProfileName
  readonly personality: string
  /** Undefined: it speaks plain CoAP. */
  readonly key: Bytes | undefined
}

/** What every device of a run has in common. */
export interface FleetMark {
  readonly product: string
  /** Tag `simulation`. */
  readonly run: string
}

/** A tag of every simulated device. */
const simulated = { simulated: 'yes' } as const
const rowsAtOnce = 2000
/** So many that the server makes durable in one go what comes together. */
const requestsAtOnce = 128
/** Milliseconds a batch of keys or an image may take. */
const patience = 120_000

export async function provision(
  { client }: Pick<Session, 'client'>,
  mark: FleetMark,
  devices: readonly NewDevice[],
  progress: (done: number) => void,
): Promise<void> {
  let done = 0
  for (let at = 0; at < devices.length; at += rowsAtOnce) {
    const batch = devices.slice(at, at + rowsAtOnce)
    const rows = batch.filter(({ key }) => key !== undefined)
    if (rows.length > 0) {
      const csv = rows.map(({ endpoint, key }) => `${endpoint},${endpoint},${hexOf(key!)}`)
      await client.call(
        'importCredentials',
        { octets: octetsOf(utf8(['endpoint,identity,key', ...csv].join('\n'))) },
        patience,
      )
    }
    await eachOf(batch, async ({ endpoint, personality, profile }) => {
      const body = { product: mark.product, profile, tags: { ...simulated, simulation: mark.run, personality } }
      await client.call('putDevice', { params: { endpoint }, body }, patience)
      progress(++done)
    })
  }
}

/** Has the server observe `paths` on every simulated device, of other runs too. */
export async function observe({ client }: Pick<Session, 'client'>, paths: readonly string[]): Promise<void> {
  for (const path of paths) await client.call('addObservationRule', { body: { tags: simulated, path } })
}

/** Takes away what `provision` brought. */
export async function withdraw(
  { client }: Pick<Session, 'client'>,
  devices: readonly NewDevice[],
  progress: (done: number) => void,
): Promise<void> {
  let done = 0
  await eachOf(devices, async ({ endpoint, key }) => {
    if (key !== undefined) await client.call('revokeCredential', { params: { credential: endpoint } })
    await client.call('deleteDevice', { params: { endpoint } })
    progress(++done)
  })
}

/** The SHA-256 of the image as the server has it. */
export async function addImage(
  { client }: Pick<Session, 'client'>,
  product: string,
  version: string,
  image: Bytes,
): Promise<string> {
  const added = await client.call('addImage', { query: { product, version }, octets: octetsOf(image) }, patience)
  return added.sha256
}

async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < items.length) await work(items[next++]!)
  }
  await Promise.all(Array.from({ length: requestsAtOnce }, worker))
}

function octetsOf(bytes: Bytes): { readonly size: number; readonly stream: ReadableStream<Uint8Array> } {
  return { size: bytes.length, stream: new Blob([bytes.slice()]).stream() }
}
