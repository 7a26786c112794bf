/**
 * Comma-separated values as a factory writes them (RFC 4180), each record with the line it begins on. Knows
 * columns by their titles, nothing of what is in them.
 */

export interface CsvRecord {
  readonly line: number
  readonly cells: readonly string[]
}

/** The records of `text`, empty lines left out; a number is the line of a quote that never ends. */
export function csvRecords(text: string): readonly CsvRecord[] | number {
  const records: CsvRecord[] = []
  let cells: string[] = []
  let [cell, line, began] = ['', 1, 1]
  let [isQuoted, wasQuoted] = [false, false]
  const endCell = (): void => {
    cells.push(wasQuoted ? cell : cell.trim())
    cell = ''
    wasQuoted = false
  }
  const endRecord = (): void => {
    endCell()
    if (cells.some((one) => one !== '')) records.push({ line: began, cells })
    cells = []
  }
  for (let at = text.startsWith('\ufeff') ? 1 : 0; at < text.length; at++) {
    const character = text[at]!
    if (character === '\n') line++
    if (isQuoted) {
      if (character !== '"') cell += character
      else if (text[at + 1] === '"') cell += text[at++]!
      else isQuoted = false
    } else if (character === '"' && cell.trim() === '' && !wasQuoted) {
      cell = ''
      isQuoted = wasQuoted = true
    } else if (character === ',') endCell()
    else if (character === '\n') {
      endRecord()
      began = line
    } else if (!wasQuoted || character.trim() !== '') cell += character
  }
  if (isQuoted) return began
  endRecord()
  return records
}

/** `site=berlin;floor=3`, blanks around ignored; undefined where a part is no pair. */
export function tagsOf(cell: string): Record<string, string> | undefined {
  const tags: Record<string, string> = {}
  for (const part of cell.split(';')) {
    const pair = part.trim()
    if (pair === '') continue
    const at = pair.indexOf('=')
    if (at < 1) return undefined
    tags[pair.slice(0, at).trim()] = pair.slice(at + 1).trim()
  }
  return tags
}
