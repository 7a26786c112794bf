/** Entity tags, and lists of them in If-Match and If-None-Match (RFC 9110 §8.8.3, §13.1). Knows no resource. */

/** Whether `list` has `etag`, which comes with its quotes; only a weak comparison looks through `W/` (§8.8.3.2). */
export function listsTag(list: string, etag: string, how: 'strongly' | 'weakly'): boolean {
  const tags = list.split(',').map((tag) => tag.trim())
  return tags.includes('*') || tags.some((tag) => (how === 'weakly' ? tag.replace(/^W\//, '') : tag) === etag)
}

/** A revision as a strong entity tag. */
export function tagOf(revision: string): string {
  return `"${revision}"`
}
