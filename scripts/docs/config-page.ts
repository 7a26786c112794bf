/**
 * docs/config.md: every knob and every network profile. The words come from the rows and the comments
 * of `src/config`; nothing is described here a second time.
 */
import { derivedTimes, profileNames, profiles, type DerivedTimes, type Profile } from '../../src/config/profiles.ts'
import { environmentNameOf, flagOf, knobNames, tunables, type Knob, type KnobName } from '../../src/config/tunables.ts'
import { readSource } from '../source-tree.ts'
import { page, table } from './markdown.ts'

const example: KnobName = 'coap.port'

export function configPage(): string {
  const groups = [...new Set(knobNames.map(groupOf))]
  return page(
    'Configuration',
    `Every setting can be given in three ways; the first that is there wins. \`${example}\` is` +
      ` \`${flagOf(example)}\` on the command line, \`${environmentNameOf(example)}\` in the environment, and` +
      ` \`${example}\` in the configuration file (nested or dotted). Durations take \`ms\`, \`s\`, \`m\`, \`h\`,` +
      ' `d` (a bare number is milliseconds), sizes `k`, `m`, `g`. A setting marked *live* takes hold without a restart.',
    ...groups.map((group) => `## ${group}\n\n${knobTable(knobNames.filter((name) => groupOf(name) === group))}`),
    '## Network profiles',
    'What a kind of radio link asks of timers and sizes. One is chosen per device; the rows below the line are' +
      ' computed from the ones above and cannot be set.',
    profileTable(),
  )
}

const groupOf = (name: KnobName): string => name.split('.')[0] ?? name

function knobTable(names: readonly KnobName[]): string {
  return table(
    ['setting', 'default', 'allowed', 'what it does', 'source'],
    names.map((name) => {
      const knob: Knob = tunables[name]
      const live = knob.takesHold === 'live' ? ' *Live.*' : ''
      return [`\`${name}\``, defaultOf(knob), allowedBy(knob), knob.consequence + live, knob.reference ?? '']
    }),
  )
}

function defaultOf(knob: Knob): string {
  if (knob.kind === 'text' || knob.kind === 'choice') return knob.default === '' ? 'none' : `\`${knob.default}\``
  return quantity(knob.kind, knob.default)
}

function allowedBy(knob: Knob): string {
  if (knob.kind === 'text') return 'text'
  if (knob.kind === 'choice') return knob.choices.map((choice) => `\`${choice}\``).join(', ')
  return `${quantity(knob.kind, knob.min)} – ${quantity(knob.kind, knob.max)}`
}

function quantity(kind: 'duration' | 'count' | 'bytes', value: number): string {
  if (kind === 'duration') return durationText(value)
  if (kind === 'bytes') return inUnits(value, [1024 ** 3, 'GiB'], [1024 ** 2, 'MiB'], [1024, 'KiB'], [1, 'B'])
  return String(value)
}

function durationText(milliseconds: number): string {
  return inUnits(milliseconds, [86_400_000, 'd'], [3_600_000, 'h'], [60_000, 'min'], [1000, 's'], [1, 'ms'])
}

/** The largest unit that needs no fraction. */
function inUnits(value: number, ...units: readonly [size: number, name: string][]): string {
  if (value === 0) return '0'
  const [size, name] = units.find(([unit]) => value >= unit && value % unit === 0) ?? units.at(-1)!
  return `${value / size} ${name}`
}

/** Profile properties in the order and the words of the interfaces, given ones before derived ones. */
function profileTable(): string {
  const { text } = readSource('src/config/profiles.ts')
  const row = ({ name, type, meaning }: Member, valueIn: (profile: Profile) => unknown): string[] => [
    `\`${name}\``,
    ...profileNames.map((profile) => profileValue(type, valueIn(profiles[profile]))),
    meaning,
  ]
  return table(
    ['', ...profileNames.map((name) => `\`${name}\``), 'meaning'],
    [
      ...members(text, 'Profile')
        .filter(({ name }) => name !== 'name')
        .map((member) => row(member, (profile) => profile[member.name as keyof Profile])),
      ['—', ...profileNames.map(() => '—'), 'computed from the above'],
      ...members(text, 'DerivedTimes').map((member) =>
        row(member, (profile) => derivedTimes(profile)[member.name as keyof DerivedTimes]),
      ),
    ],
  )
}

function profileValue(type: string, value: unknown): string {
  if (!type.startsWith('Duration') || typeof value !== 'number') return String(value)
  return value % 60_000 === 0 ? durationText(value) : `${value / 1000} s`
}

interface Member {
  readonly name: string
  readonly type: string
  readonly meaning: string
}

/** The members of an interface with the comment that stands above each, or above the ones before it. */
function members(text: string, name: string): Member[] {
  const body = new RegExp(`export interface ${name} \\{([\\s\\S]*?)\\n\\}`).exec(text)?.[1] ?? ''
  let meaning = ''
  return [...body.matchAll(/\/\*\*([\s\S]*?)\*\/|readonly (\w+): (.*)/g)].flatMap((match) => {
    const [, comment, property, type] = match
    if (property !== undefined && type !== undefined) return [{ name: property, type, meaning }]
    meaning = (comment ?? '').replaceAll(/\s*\n\s*\*\s*/g, ' ').trim()
    return []
  })
}
