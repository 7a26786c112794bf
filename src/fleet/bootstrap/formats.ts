/** Content formats of writes as people call them. */
import { formatName, formatOf } from '../../lwm2m/payload/content-format.ts'

export function formatText(format: number | undefined): string | undefined {
  const known = format === undefined ? undefined : formatOf(format)
  return known === undefined ? undefined : formatName(known)
}
