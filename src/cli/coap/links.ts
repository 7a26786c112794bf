/** Link format (RFC 6690) as a table. Lenient: what it cannot read as links is text. */
import type { Column } from '../table.ts'

export interface LinkRow {
  readonly path: string
  readonly attributes: string
}

/** Undefined where the text holds something else than links. */
export function linkRows(text: string): readonly LinkRow[] | undefined {
  const rows: LinkRow[] = []
  const link = /\s*<([^<>]*)>((?:\s*;\s*[^\s;,="<>]+(?:\s*=\s*(?:"(?:\\.|[^"\\])*"|[^\s;,"]*))?)*)\s*(?:,|$)/gy
  for (let at = 0; at < text.length; at = link.lastIndex) {
    link.lastIndex = at
    const found = link.exec(text)
    if (found === null) return undefined
    const attributes = [...found[2]!.matchAll(/;\s*((?:"(?:\\.|[^"\\])*"|[^;"])+)/g)].map(([, each]) => each!.trim())
    rows.push({ path: found[1]!, attributes: attributes.join(' ') })
  }
  return rows
}

export const linkColumns: readonly Column<LinkRow>[] = [
  { title: 'PATH', text: ({ path }) => path },
  { title: 'ATTRIBUTES', text: ({ attributes }) => attributes, flexible: true, style: () => 'dim' },
]
