/** Forms texts of the contract have to have (ECMA-262, as JSON Schema has them), and how a person is told of them. */

export const durationPattern = '^\\d{1,9}(\\.\\d{1,3})?(ms|s|m|h|d)$'
export const waitPattern = '^\\d{1,6}(ms|s|m)$'
export const timeOfDayPattern = '^([01]\\d|2[0-3]):[0-5]\\d$'
export const tagPattern = '^[^=\\s]{1,64}=.{0,256}$'
export const sha256Pattern = '^[0-9A-Fa-f]{64}$'
export const campaignNamePattern = '^[A-Za-z0-9][A-Za-z0-9._-]*$'
/** `*`, or entity tags (RFC 9110 §8.8.3). */
export const tagsPattern = '^\\s*(\\*|(W/)?"[^"]*"(\\s*,\\s*(W/)?"[^"]*")*)\\s*$'

/** What a text of the pattern is; patterns that are not here speak for themselves. */
export const patternsInWords: Readonly<Partial<Record<string, string>>> = {
  [durationPattern]: 'a duration like 90s, 4h or 14d',
  [waitPattern]: 'a duration like 500ms, 20s or 5m',
  [timeOfDayPattern]: 'a time of day like 22:00',
  [tagPattern]: 'name=value',
  [tagsPattern]: 'a revision in quotes, or *',
  [sha256Pattern]: 'a SHA-256, 64 hex digits',
  [campaignNamePattern]: 'letters, digits, dots, hyphens and underscores, a letter or digit first',
}
