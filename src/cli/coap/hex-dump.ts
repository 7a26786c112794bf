/** Octets in rows of sixteen: offset, hex, and the characters among them. */

const perRow = 16

export function hexDump(octets: Uint8Array): string {
  const rows: string[] = []
  for (let at = 0; at < octets.length; at += perRow) {
    const row = [...octets.subarray(at, at + perRow)]
    const hex = row.map((octet) => octet.toString(16).padStart(2, '0'))
    const halves = [hex.slice(0, 8).join(' '), hex.slice(8).join(' ')].join('  ').padEnd(3 * perRow)
    const characters = row.map((octet) => (octet >= 0x20 && octet < 0x7f ? String.fromCharCode(octet) : '.')).join('')
    rows.push(`${at.toString(16).padStart(8, '0')}  ${halves}  |${characters}|\n`)
  }
  return rows.join('')
}
