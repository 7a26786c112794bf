/** How far two texts are apart, for "did you mean". Knows no names. */

/** Levenshtein's distance, or more than `limit` as soon as it is certain to be more. */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1
  let above = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    let least = i
    for (let j = 1; j <= b.length; j++) {
      const change = above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      const cost = Math.min(change, above[j]! + 1, row[j - 1]! + 1)
      row.push(cost)
      if (cost < least) least = cost
    }
    if (least > limit) return limit + 1
    above = row
  }
  return above[b.length]!
}
