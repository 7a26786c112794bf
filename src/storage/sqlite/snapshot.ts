/**
 * What a device actor starts from, in one statement where the device has nothing else going on: the
 * partial indexes of open operations and updates hold only what is open, so asking them costs a probe.
 */
import type { ConfigurationStore } from '../../fleet/configuration/store.ts'
import type { FirmwareStore } from '../../fleet/firmware/store.ts'
import type { ObservationsStore } from '../../fleet/observations/store.ts'
import type { OperationsStore } from '../../fleet/operations/store.ts'
import type { DeviceKey, DeviceSnapshot, Store } from '../../fleet/store.ts'
import type { Sqlite } from './connection.ts'
import { isOpenUpdate } from './firmware.ts'
import { isOpen } from './operations.ts'
import { deviceRowOf, fullColumns, fullTables, type FullRow } from './registry.ts'

interface SnapshotRow extends FullRow {
  has_operations: number
  has_observations: number
  has_update: number
  has_configuration: number
  has_observers: number
}

/** Observe intents of one device; the engine allows fewer. */
const observationsLimit = 1_000

type Reads = Pick<OperationsStore, 'openOperations'> &
  Pick<ObservationsStore, 'observations'> &
  Pick<FirmwareStore, 'openUpdate'> &
  ConfigurationStore

export function snapshotsIn(database: Sqlite, reads: Reads): Store['snapshot'] {
  const prepare = (condition: string) =>
    database.prepare<(string | number)[], SnapshotRow>(
      `SELECT ${fullColumns},
         EXISTS (SELECT 1 FROM operation o INDEXED BY operation_open WHERE o.device_id = d.id AND ${isOpen})
           AS has_operations,
         EXISTS (SELECT 1 FROM observation WHERE device_id = d.id) AS has_observations,
         EXISTS (SELECT 1 FROM firmware_update u INDEXED BY firmware_update_open
           WHERE u.device_id = d.id AND ${isOpenUpdate}) AS has_update,
         EXISTS (SELECT 1 FROM configuration WHERE device_id = d.id) AS has_configuration,
         EXISTS (SELECT 1 FROM configuration_observer WHERE device_id = d.id) AS has_observers
       FROM ${fullTables} WHERE ${condition}`,
    )
  const byEndpoint = prepare('d.endpoint = +?')
  const byRegistration = prepare('d.id = (SELECT device_id FROM registration WHERE id = +?)')
  const byId = prepare('d.id = +?')
  const byAddress = prepare(
    // Of several the one heard last: a network gives an address to one after the other.
    `d.id = (SELECT device_id FROM (SELECT device_id, max(updated_at) FROM contact
       WHERE plain = 1 AND address = +? AND port = +?))`,
  )
  const byObservation = prepare('d.id = (SELECT device_id FROM observation WHERE token = +?)')

  function rowOf(key: DeviceKey): SnapshotRow | undefined {
    switch (key.by) {
      case 'endpoint':
        return byEndpoint.get(key.endpoint)
      case 'registration':
        return byRegistration.get(key.registrationId)
      case 'id':
        return byId.get(key.deviceId)
      case 'observation':
        return byObservation.get(key.token)
      case 'address':
        return byAddress.get(key.address, key.port)
    }
  }

  return (key, openOperationsLimit) => {
    const row = rowOf(key)
    if (row === undefined) return undefined
    const update = row.has_update === 0 ? undefined : reads.openUpdate(row.id)
    const snapshot: DeviceSnapshot = {
      ...deviceRowOf(row),
      operations: row.has_operations === 0 ? [] : reads.openOperations(row.id, openOperationsLimit),
      observations: row.has_observations === 0 ? [] : reads.observations(row.id, observationsLimit),
      configurationObservers: row.has_observers === 0 ? [] : reads.configurationObservers(row.id),
    }
    const configuration = row.has_configuration === 0 ? undefined : reads.configuration(row.id)
    return {
      ...snapshot,
      ...(update === undefined ? {} : { update }),
      ...(configuration === undefined ? {} : { configuration }),
    }
  }
}
