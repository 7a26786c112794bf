/** Configuration of devices in SQLite: one row a device that has one, and who observes it. */
import { instantOf } from '../../base/time.ts'
import type { ConfigurationOp, ConfigurationStore } from '../../fleet/configuration/store.ts'
import type { ConfigurationObserver, ObserverWay } from '../../fleet/configuration/types.ts'
import type { Appliers } from './appliers.ts'
import type { Sqlite } from './connection.ts'

interface ConfigurationRow {
  document: string
  changed_at: number
}

interface ObserverRow {
  id: number
  device_id: number
  token: string
  association: number | null
  address: string | null
  port: number | null
  claimed: number
  registration: Uint8Array
  format: number
  told_at: number
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
  const observers = database.prepare<[number], ObserverRow>('SELECT * FROM configuration_observer WHERE device_id = +?')
  const putObserver = database.prepare<(number | string | Uint8Array | null)[]>(
    `INSERT INTO configuration_observer
       (device_id, token, association, address, port, claimed, registration, format, told_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (device_id, token) DO UPDATE SET association = excluded.association, address = excluded.address,
       port = excluded.port, claimed = excluded.claimed, registration = excluded.registration,
       format = excluded.format, told_at = excluded.told_at`,
  )
  const removeObserver = database.prepare<[number, string]>(
    'DELETE FROM configuration_observer WHERE device_id = +? AND token = +?',
  )
  return {
    reads: {
      configuration: (deviceId) => {
        const row = find.get(deviceId)
        if (row === undefined) return undefined
        return { deviceId, document: row.document, changedAt: instantOf(row.changed_at) }
      },
      configurationObservers: (deviceId) => inOrder(observers.all(deviceId)).map(observerOf),
    },
    apply: {
      'device.config': ({ deviceId, configuration }) => {
        if (configuration === undefined) remove.run(deviceId)
        else put.run(deviceId, configuration.document, configuration.changedAt)
      },
      'config-observer.put': ({ observer }) => {
        const { deviceId, token, way, registration, format, toldAt } = observer
        putObserver.run(deviceId, token, ...columnsOf(way), registration, format, toldAt)
      },
      'config-observer.delete': ({ deviceId, token }) => {
        removeObserver.run(deviceId, token)
      },
    },
  }
}

/** They are a few. */
function inOrder(rows: readonly ObserverRow[]): readonly ObserverRow[] {
  return [...rows].sort((a, b) => a.id - b.id)
}

function columnsOf(way: ObserverWay): readonly (number | string | null)[] {
  return 'association' in way ? [way.association, null, null, 0] : [null, way.address, way.port, way.claimed ? 1 : 0]
}

function observerOf(row: ObserverRow): ConfigurationObserver {
  return {
    deviceId: row.device_id,
    token: row.token,
    way:
      row.association === null
        ? { address: row.address ?? '', port: row.port ?? 0, claimed: row.claimed === 1 }
        : { association: row.association },
    registration: new Uint8Array(row.registration),
    format: row.format,
    toldAt: instantOf(row.told_at),
  }
}
