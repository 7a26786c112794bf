/** `coapstan quirks`: how devices deviate from the specifications, and what was made of it. */
import type { DeviceJson } from '../../api/contract/device.ts'
import { does, type AddCommand } from '../command.ts'
import { devicesOf } from '../fleet.ts'
import type { Column } from '../table.ts'
import { timeColumn } from '../time-column.ts'

type Quirk = NonNullable<DeviceJson['quirks']>[number]

interface Counted extends Quirk {
  readonly devices: number
  /** One that does it. */
  readonly device: string
}

export const addQuirks: AddCommand = (parent, frame) => {
  does(
    parent
      .command('quirks')
      .argument('[endpoint]', 'of this device only')
      .description('list how devices deviate from the specifications and what it was taken to mean'),
    frame,
    ['coapstan quirks', 'coapstan quirks urn:dev:demo-1'],
    async (session, [endpoint]) => {
      const { client, output, surroundings } = session
      if (endpoint !== undefined) {
        const { quirks = [] } = await client.call('readDevice', { params: { endpoint } })
        return output.list({
          rows: quirks,
          columns: columnsOfOne(surroundings.now()),
          name: ({ name }) => name,
          empty: `${endpoint} has no quirks`,
        })
      }
      const rows = countedOf(await devicesOf(session, {}))
      await output.list({ rows, columns: countedColumns, name: ({ name }) => name, empty: 'no device has a quirk' })
    },
  )
}

/** The most common first. */
function countedOf(devices: readonly DeviceJson[]): readonly Counted[] {
  const byName = new Map<string, Counted>()
  for (const { endpoint, quirks = [] } of devices) {
    for (const quirk of quirks) {
      const known = byName.get(quirk.name) ?? { ...quirk, devices: 0, device: endpoint }
      byName.set(quirk.name, { ...known, devices: known.devices + 1 })
    }
  }
  return [...byName.values()].sort((a, b) => b.devices - a.devices)
}

const columns: readonly Column<Quirk>[] = [
  { title: 'QUIRK', text: ({ name }) => name },
  { title: 'THE DEVICE', text: ({ deviation }) => deviation, flexible: true },
  { title: 'SO', text: ({ assumption }) => assumption, flexible: true },
]

const columnsOfOne = (now: number): readonly Column<Quirk>[] => [
  ...columns,
  timeColumn('SINCE', ({ at }) => at, now),
  { title: 'IT SENT', text: ({ example = '' }) => example, flexible: true },
]

const countedColumns: readonly Column<Counted>[] = [
  { title: 'DEVICES', text: ({ devices }) => String(devices), align: 'right' },
  ...columns,
  { title: 'FOR EXAMPLE', text: ({ device }) => device, flexible: true },
]
