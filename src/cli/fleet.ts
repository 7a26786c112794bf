/** The devices a filter finds, page after page. */
import type { DeviceJson } from '../api/contract/device.ts'
import type { Call } from '../api/contract/routes.ts'
import { withSpinner } from './progress.ts'
import type { Session } from './session.ts'
import { counted } from './style.ts'

export type DeviceQuery = Omit<Call<'listDevices'>['query'], 'cursor' | 'limit'>

const pageSize = 500

/** At most `limit` and one more where there are more. */
export async function devicesOf(
  { client, surroundings }: Pick<Session, 'client' | 'surroundings'>,
  filter: DeviceQuery,
  limit: number = Number.POSITIVE_INFINITY,
): Promise<readonly DeviceJson[]> {
  const rows: DeviceJson[] = []
  let cursor: string | undefined
  const fetchPages = async (): Promise<void> => {
    do {
      const query = {
        ...filter,
        limit: Math.min(pageSize, limit + 1 - rows.length),
        ...(cursor !== undefined && { cursor }),
      }
      const page = await client.call('listDevices', { query })
      rows.push(...page.devices)
      cursor = page.next
    } while (cursor !== undefined && rows.length <= limit)
  }
  await withSpinner(surroundings, () => `${counted(rows.length, 'device')} so far`, fetchPages)
  return rows
}
