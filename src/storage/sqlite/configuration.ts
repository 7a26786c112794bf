/** Configuration of devices in SQLite: one row a device that has one. */
import { instantOf } from '../../base/time.ts'
import type { ConfigurationOp, ConfigurationStore } from '../../fleet/configuration/store.ts'
import type { Appliers } from './appliers.ts'
import type { Sqlite } from './database.ts'

interface ConfigurationRow {
  document: string
  changed_at: number
}

export function configurationIn(database: Sqlite): { reads: ConfigurationStore; apply: Appliers<ConfigurationOp> } {
  const find = database.prepare<[number], ConfigurationRow>(
    'SELECT document, changed_at FROM configuration WHERE device_id = +?',
  )
  const put = database.prepare<[number, string, number]>(
    `INSERT INTO configuration (device_id, document, changed_at) VALUES (?, ?, ?)
     ON CONFLICT (device_id) DO UPDATE SET document = excluded.document, changed_at = excluded.changed_at`,
  )
  const remove = database.prepare<[number]>('DELETE FROM configuration WHERE device_id = +?')
  return {
    reads: {
      configuration: (deviceId) => {
        const row = find.get(deviceId)
        if (row === undefined) return undefined
        return { deviceId, document: row.document, changedAt: instantOf(row.changed_at) }
      },
    },
    apply: {
      'device.config': ({ deviceId, configuration }) => {
        if (configuration === undefined) remove.run(deviceId)
        else put.run(deviceId, configuration.document, configuration.changedAt)
      },
    },
  }
}
