/**
 * Devices for which an instant has passed: registrations, operations and updates, merged by time; and those a
 * restarted server looks after.
 *
 * A keep-alive does not move `due_at`, so a registration found due may still be alive. Whoever asks pays
 * for that here, once a lifetime instead of once a keep-alive: stale due times are moved to the true end,
 * a slice at a time.
 */
import { instantOf, milliseconds, type Instant } from '../../base/time.ts'
import type { DeviceId } from '../../fleet/registry/types.ts'
import type { Store } from '../../fleet/store.ts'
import type { Sqlite } from './connection.ts'
import { isOpenUpdate } from './firmware.ts'
import { isOpen } from './operations.ts'

interface Due {
  readonly device_id: DeviceId
  readonly at: number
}

/** Stale due times moved on in one transaction, and such transactions in one question. */
const staleSlice = 500
const staleSlices = 8

export function dueDevicesIn(database: Sqlite): Store['devicesDue'] {
  const registrations = endedRegistrationsIn(database)
  const operations = database.prepare<[number, number], Due>(
    `SELECT device_id, deadline AS at FROM operation INDEXED BY operation_by_deadline
     WHERE deadline <= +? AND ${isOpen} ORDER BY deadline LIMIT +?`,
  )
  const retries = database.prepare<[number, number], Due>(
    `SELECT device_id, not_before AS at FROM operation INDEXED BY operation_by_retry
     WHERE not_before <= +? AND ${isOpen} ORDER BY not_before LIMIT +?`,
  )
  const updates = database.prepare<[number, number], Due>(
    `SELECT device_id, due_at AS at FROM firmware_update INDEXED BY firmware_update_due
     WHERE due_at <= +? AND ${isOpenUpdate} ORDER BY due_at LIMIT +?`,
  )
  return (at, limit, grace = milliseconds(0)) => {
    const due = [
      ...registrations(instantOf(at - grace), limit),
      ...operations.all(at, limit),
      ...retries.all(at, limit),
      ...updates.all(at, limit),
    ]
    due.sort((a, b) => a.at - b.at)
    const devices = new Set<DeviceId>()
    for (const { device_id } of due) {
      if (devices.size === limit) break
      devices.add(device_id)
    }
    return [...devices]
  }
}

/** Both halves are read in the order of their index, each to its limit, and put together. */
export function devicesToRecoverIn(database: Sqlite): Store['devicesToRecover'] {
  const asked = database.prepareColumn<[number, number], DeviceId>(
    `SELECT DISTINCT device_id FROM operation INDEXED BY operation_open
       WHERE device_id > +? AND ${isOpen} ORDER BY device_id LIMIT +?`,
  )
  const observing = database.prepareColumn<[number, number], DeviceId>(
    `SELECT DISTINCT o.device_id FROM configuration_observer o LEFT JOIN configuration c ON c.device_id = o.device_id
       WHERE o.device_id > +? AND o.told_at IS NOT c.changed_at ORDER BY o.device_id LIMIT +?`,
  )
  return (after, limit) => {
    const devices = new Set([...asked.all(after, limit), ...observing.all(after, limit)])
    return [...devices].sort((a, b) => a - b).slice(0, limit)
  }
}

function endedRegistrationsIn(database: Sqlite): (at: Instant, limit: number) => readonly Due[] {
  const due = database.prepare<[number, number], Due>(
    'SELECT device_id, expires_at AS at FROM contact WHERE due_at <= +? ORDER BY due_at LIMIT +?',
  )
  const moveOn = database.prepare<[number]>('UPDATE contact SET due_at = expires_at WHERE device_id = +?')
  return (at, limit) => {
    let ended: readonly Due[] = []
    for (let slice = 0; slice < staleSlices; slice++) {
      const found = due.all(at, limit + staleSlice)
      ended = found.filter((row) => row.at <= at)
      const stale = found.filter((row) => row.at > at)
      if (stale.length === 0) break
      try {
        database.transaction(() => stale.forEach(({ device_id }) => moveOn.run(device_id)))
      } catch {
        // The disk is full or away, which the next commit reports. The answer is right without the move.
        break
      }
      if (ended.length >= limit) break
    }
    return ended.slice(0, limit)
  }
}
