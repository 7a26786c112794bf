/** `coapstan credentials`: what devices prove themselves with. A key is shown once, when the server has made it. */
import type { Command } from 'commander'
import type { CredentialJson, NewCredentialJson } from '../../api/contract/credential.ts'
import type { Call } from '../../api/contract/routes.ts'
import { does, gathered, usualCommand, withExamples, type AddCommand, type Frame } from '../command.ts'
import { usageFailure } from '../failure.ts'
import { identityOptions, wishesOf, type IdentityOptions } from '../credential-options.ts'
import { withSpinner } from '../progress.ts'
import { countOf, pairsOf, type Session } from '../session.ts'
import { counted, relativeTime, type Style } from '../style.ts'
import type { Column } from '../table.ts'
import { addImport } from './credentials-import.ts'
import { timeColumn } from '../time-column.ts'

export const addCredentials: AddCommand = (parent, frame) => {
  const credentials = withExamples(
    parent.command('credentials').description('list what devices prove themselves with; add, import, rotate, revoke'),
    [
      'coapstan credentials',
      'coapstan credentials add urn:dev:demo-1',
      'coapstan credentials import keys.csv --dry-run',
    ],
  )
  addList(credentials, frame)
  addShow(credentials, frame)
  addAdd(credentials, frame)
  addImport(credentials, frame)
  addRotate(credentials, frame)
  addRevoke(credentials, frame)
}

interface ListOptions {
  readonly state?: string
  readonly kind?: string
  readonly for?: string
  readonly product?: string
  readonly endpoint?: string
  readonly limit: string
}

function addList(credentials: Command, frame: Frame): void {
  does<ListOptions>(
    usualCommand(credentials, 'list')
      .description('list credentials, their keys masked')
      .option('--endpoint <name>', 'of this endpoint only, with those it had before')
      .option('--state <state>', 'active, retiring or revoked')
      .option('--kind <kind>', 'psk, raw-public-key, certificate or certificate-name')
      .option('--for <purpose>', 'those for management, or those for bootstrap')
      .option('--product <product>', 'of this product only')
      .option('--limit <count>', 'at most so many; 0 for all', '1000'),
    frame,
    ['coapstan credentials list --state retiring', 'coapstan credentials list -o csv --limit 0'],
    list,
  )
}

function addShow(credentials: Command, frame: Frame): void {
  does(
    credentials
      .command('show')
      .argument(...reference)
      .description('show a credential, its key masked'),
    frame,
    ['coapstan credentials show urn:dev:demo-1'],
    async ({ client, output, surroundings }, [credential]) => {
      const found = await client.call('readCredential', { params: { credential: credential! } })
      await output.detail({ whole: found, name: String(found.id), fields: fieldsOf(found, surroundings.now()) })
    },
  )
}

interface AddOptions extends IdentityOptions {
  readonly certificateName?: string
  readonly for?: string
  readonly product?: string
  readonly tag?: readonly string[]
}

function addAdd(credentials: Command, frame: Frame): void {
  does<AddOptions>(
    identityOptions(
      credentials
        .command('add')
        .argument('<endpoint>', 'the endpoint name it stands for')
        .description('give an endpoint a pre-shared key, or with the options another kind of credential'),
    )
      .option('--certificate-name <pattern>', 'any certificate of coaps.authorities with such a name; * is one label')
      .option('--for <purpose>', 'bootstrap: accepted by the bootstrap listener, and by it alone')
      .option('--product <product>', 'what the device is')
      .option('--tag <name=value>', 'a tag of the device; may be given more than once', gathered),
    frame,
    [
      'coapstan credentials add urn:dev:demo-1                        # the server makes a key and shows it once',
      'coapstan credentials add urn:dev:demo-2 --identity 0x00a1 --key-file demo-2.hex',
      'coapstan credentials add urn:dev:demo-3 --certificate demo-3.pem',
      'coapstan credentials add urn:dev:demo-4 --for bootstrap         # the key a device leaves the factory with',
      "coapstan credentials add 'urn:meter:*' --certificate-name '*.meters.example'",
      "coapstan credentials add '*' --certificate-name '*'              # the name in the certificate is the endpoint's",
    ],
    async (session, [endpoint], { product, tag = [], certificateName, for: purpose, ...options }) => {
      const wishes = wishesOf(options, session.surroundings, certificateName)
      const answer = await session.client.call('addCredential', {
        body: {
          endpoint: endpoint!,
          ...wishes,
          ...(purpose !== undefined && { purpose: purposeNamed(purpose) }),
          ...(product && { product }),
          tags: pairsOf('--tag', tag),
        },
      })
      await showNew(session, answer, 'is added')
    },
  )
}

function addRotate(credentials: Command, frame: Frame): void {
  does<IdentityOptions & { now?: boolean }>(
    identityOptions(
      credentials
        .command('rotate')
        .argument(...reference)
        .description(
          'give an endpoint a new one; the old is accepted until the new was used and credentials.grace is over',
        ),
    ).option('--now', 'no overlap: everything it had is revoked at once; the identity may then stay'),
    frame,
    [
      'coapstan credentials rotate urn:dev:demo-1                     # a new key, under the next identity',
      'coapstan credentials rotate urn:dev:demo-1 --now               # the old key is in wrong hands',
      'coapstan credentials rotate urn:dev:demo-3 --certificate renewed.pem',
    ],
    async (session, [credential], { now, ...options }) => {
      const { kind: _, ...wishes } = wishesOf(options, session.surroundings)
      const answer = await session.client.call('rotateCredential', {
        params: { credential: credential! },
        body: { ...wishes, ...(now && { immediately: true }) },
      })
      await showNew(session, answer, now ? 'replaces all it had' : 'is on its way in')
    },
  )
}

function addRevoke(credentials: Command, frame: Frame): void {
  does(
    credentials
      .command('revoke')
      .argument(...reference)
      .description(
        'revoke all an endpoint has, or one by its number: what is open is closed, nothing more is accepted',
      ),
    frame,
    ['coapstan credentials revoke urn:dev:demo-1', 'coapstan credentials revoke 17'],
    async ({ client, output }, [credential]) => {
      const answer = await client.call('revokeCredential', { params: { credential: credential! } })
      const numbers = answer.revoked.map(({ id }) => String(id)).join(', ')
      await output.done(answer, credential!, `${credential} is revoked (${numbers})`)
    },
  )
}

function purposeNamed(text: string): CredentialJson['purpose'] {
  if (text === 'management' || text === 'bootstrap') return text
  throw usageFailure(`--for '${text}' is neither management nor bootstrap`)
}

const reference = ['<credential>', 'an endpoint name, or the number of a credential'] as const

const stateStyles: Readonly<Record<CredentialJson['state'], Style>> = {
  active: 'green',
  retiring: 'yellow',
  revoked: 'red',
}

function columns(now: number): readonly Column<CredentialJson>[] {
  return [
    { title: 'ID', text: ({ id }) => String(id), align: 'right' },
    { title: 'ENDPOINT', text: ({ endpoint }) => endpoint, flexible: 'middle' },
    { title: 'KIND', text: ({ kind }) => kind },
    { title: 'FOR', text: ({ purpose }) => purpose },
    { title: 'IDENTITY', text: shortIdentity, flexible: true },
    { title: 'KEY', text: keyText },
    { title: 'STATE', text: ({ state }) => state, style: ({ state }) => stateStyles[state] },
    timeColumn('LAST USED', ({ lastUsedAt }) => lastUsedAt, now),
    { title: 'PRODUCT', text: ({ product }) => product ?? '' },
  ]
}

/** Characters of a hash or public key that tell one from the other. */
const enough = 16

function shortIdentity({ kind, identity }: CredentialJson): string {
  const isHash = kind === 'raw-public-key' || kind === 'certificate'
  // The beginnings of public keys are alike, their ends are not.
  return isHash ? `…${identity.slice(-enough)}` : identity
}

function keyText({ key }: CredentialJson): string {
  return key === undefined ? '' : `${key.begins ?? '??'}… ${key.length ?? '?'} B`
}

const pageSize = 500

async function list({ client, output, surroundings, note }: Session, _: unknown, options: ListOptions): Promise<void> {
  const { limit: limitText, for: purpose, ...rest } = options
  const filter = { ...rest, ...(purpose !== undefined && { purpose: purposeNamed(purpose) }) }
  const limit = countOf('--limit', limitText) || Number.POSITIVE_INFINITY
  const rows: CredentialJson[] = []
  let after: number | undefined
  const fetchPages = async (): Promise<void> => {
    do {
      const page = { limit: Math.min(pageSize, limit - rows.length), ...(after !== undefined && { after }) }
      const query = { ...filter, ...page } as Call<'listCredentials'>['query']
      const { credentials, next } = await client.call('listCredentials', { query })
      rows.push(...credentials)
      after = next
    } while (after !== undefined && rows.length < limit)
  }
  await withSpinner(surroundings, () => `${counted(rows.length, 'credential')} so far`, fetchPages)
  await output.list({
    rows,
    columns: columns(surroundings.now()),
    name: ({ id }) => String(id),
    empty: 'no credentials; add one with: coapstan credentials add <endpoint>',
  })
  if (after !== undefined) note(`there are more than ${rows.length}: --limit 0 shows all`)
}

function fieldsOf(credential: CredentialJson, now: number): [string, string][] {
  const { id, endpoint, kind, purpose, identity, key, product, tags, state, replaces, rule } = credential
  const when = (instant: string | undefined): string =>
    instant === undefined ? '' : `${instant} (${relativeTime(instant, now)})`
  return [
    ['Credential', String(id)],
    ['Endpoint', endpoint],
    ['Kind', kind],
    ['For', purpose],
    ['Identity', identity],
    ['Key', key === undefined ? '' : `${keyText(credential)}, fingerprint ${key.fingerprint}`],
    ['State', state],
    ['Product', product ?? ''],
    [
      'Tags',
      Object.entries(tags)
        .map((pair) => pair.join('='))
        .join(' '),
    ],
    ['Added', when(credential.createdAt)],
    ['Last used', when(credential.lastUsedAt)],
    ['Accepted until', when(credential.acceptedUntil)],
    ['Revoked', when(credential.revokedAt)],
    ['Replaces', replaces === undefined ? '' : String(replaces)],
    ['Let in by', rule === undefined ? '' : `certificate name ${rule}`],
  ]
}

async function showNew({ output, note }: Session, answer: NewCredentialJson, what: string): Promise<void> {
  const { id, endpoint, kind, identity } = answer.credential
  if (answer.newKey === undefined || !output.isForPeople) {
    return output.done(answer, String(id), `credential ${id} of ${endpoint} ${what}: ${kind} ${identity}`)
  }
  await output.detail({
    whole: answer,
    name: String(id),
    fields: [
      ['Credential', String(id)],
      ['Endpoint', endpoint],
      ['Identity', identity],
      ['Key', answer.newKey],
    ],
  })
  note('this is the only time the key is shown')
}
