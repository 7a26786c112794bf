/** How a folder's ops reach the database: one function an op, called within the commit's transaction. */

export type Appliers<Op extends { readonly op: string }> = {
  readonly [Name in Op['op']]: (op: Extract<Op, { readonly op: Name }>) => void
}

/** The text of a JSON column; 64-bit integers become their decimal text, as everywhere in our JSON. */
export function jsonOf(value: unknown): string | null {
  try {
    return JSON.stringify(value) ?? null
  } catch (thrown) {
    // A TypeError tells of a 64-bit integer. They are rare, and a replacer takes four times as long.
    if (!(thrown instanceof TypeError)) throw thrown
    return JSON.stringify(value, (_, member: unknown) => (typeof member === 'bigint' ? String(member) : member))
  }
}

/** An optional value as a column wants it. */
export function columnOf<T>(value: T | undefined): T | null {
  return value === undefined ? null : value
}
