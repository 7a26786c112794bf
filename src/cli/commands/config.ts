/** `coapstan config`: every knob of the server, what it does, and what it is set to from here. */
import { loadSettings } from '../../config/load.ts'
import { environmentNameOf, flagOf, knobNames, tunables, type Knob, type KnobName } from '../../config/tunables.ts'
import { does, type AddCommand } from '../command.ts'
import { usageFailure } from '../failure.ts'
import type { Surroundings } from '../surroundings.ts'

interface Row {
  readonly name: KnobName
  readonly value: string
  readonly default: string
  readonly range: string
  readonly environment: string
  readonly flag: string
  readonly from: 'default' | 'environment'
  readonly consequence: string
  readonly reference: string
  readonly scope: string
  readonly takesHold: string
}

export const addConfig: AddCommand = (parent, frame) => {
  does(
    parent
      .command('config')
      .argument('[knob]', 'only this one, in full')
      .description('list the knobs of the server, and their values with this environment'),
    frame,
    ['coapstan config', 'coapstan config http.port', 'coapstan config -o csv'],
    async ({ output, surroundings }, [name]) => {
      const rows = rowsOf(surroundings.environment)
      if (name !== undefined) {
        const row = rows.find((one) => one.name === name)
        if (row === undefined) throw usageFailure(`there is no knob '${name}'`, 'the list: coapstan config')
        return output.detail({ whole: row, name: row.name, fields: fieldsOf(row) })
      }
      await output.list<Row>({
        rows,
        columns: [
          { title: 'KNOB', text: (row) => row.name },
          { title: 'VALUE', text: (row) => row.value, style: (row) => (row.from === 'default' ? 'dim' : 'yellow') },
          { title: 'ENVIRONMENT', text: (row) => row.environment },
          { title: 'WHAT IT DOES', text: (row) => row.consequence, flexible: true },
        ],
        name: (row) => row.name,
        empty: '',
      })
    },
  )
}

function rowsOf(environment: Surroundings['environment']): Row[] {
  const settings = loadSettings({ flags: {}, environment })
  return knobNames.map((name) => {
    const knob: Knob = tunables[name]
    return {
      name,
      value: written(knob, settings[name]),
      default: written(knob, knob.default),
      range: rangeOf(knob),
      environment: environmentNameOf(name),
      flag: flagOf(name),
      from: environment[environmentNameOf(name)] === undefined ? 'default' : 'environment',
      consequence: knob.consequence,
      reference: knob.reference ?? '',
      scope: knob.scope,
      takesHold: knob.takesHold,
    }
  })
}

function fieldsOf(row: Row): [string, string][] {
  return [
    ['Knob', row.name],
    ['Value', `${row.value}, from the ${row.from}`],
    ['Default', row.default],
    ['Range', row.range],
    ['Environment', row.environment],
    ['Flag', `coapstan serve ${row.flag}`],
    ['What it does', row.consequence],
    ['Reference', row.reference],
    ['Scope', row.scope],
    ['Takes hold', row.takesHold === 'live' ? 'at once' : 'at the next start'],
  ]
}

function rangeOf(knob: Knob): string {
  switch (knob.kind) {
    case 'text':
      return ''
    case 'choice':
      return knob.choices.join(', ')
    default:
      return `${written(knob, knob.min)} to ${written(knob, knob.max)}`
  }
}

const durationUnits = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const
const byteUnits = [
  ['g', 1024 ** 3],
  ['m', 1024 ** 2],
  ['k', 1024],
] as const

/** As a person would set it: `30s`, `64k`. */
function written(knob: Knob, value: string | number): string {
  if (typeof value === 'string') return value
  const units = knob.kind === 'duration' ? durationUnits : knob.kind === 'bytes' ? byteUnits : []
  const unit = units.find(([, size]) => value >= size && value % size === 0)
  if (unit !== undefined) return `${value / unit[1]}${unit[0]}`
  return knob.kind === 'duration' ? `${value}ms` : String(value)
}
