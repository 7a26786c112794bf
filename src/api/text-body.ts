/** A body of octets as text, gathered up to a limit. */
import { concatBytes, textOf, type Bytes } from '../base/bytes.ts'
import { UsageError } from '../base/errors.ts'

export interface TextBodyRules {
  /** Octets. */
  readonly limit: number
  /** Code and hint where it is larger (413). */
  readonly tooLarge: { readonly code: string; readonly hint: string }
  /** Code where it is no UTF-8 (422). */
  readonly notText: string
}

/** A client that goes away half-way is at fault, not we. Throws UsageError. */
export async function textBody(body: AsyncIterable<Bytes>, rules: TextBodyRules): Promise<string> {
  const chunks: Bytes[] = []
  let size = 0
  try {
    for await (const chunk of body) {
      size += chunk.length
      if (size > rules.limit) break
      chunks.push(chunk)
    }
  } catch (error) {
    throw new UsageError('request.aborted', 'the file did not arrive whole', {
      hint: error instanceof Error ? error.message : 'send it again',
    })
  }
  if (size > rules.limit) {
    const { code, hint } = rules.tooLarge
    throw new UsageError(code, `the file is larger than ${rules.limit} octets`, { status: 413, hint })
  }
  const text = textOf(concatBytes(...chunks))
  if (text !== undefined) return text
  throw new UsageError(rules.notText, 'the file is not UTF-8 text', { status: 422 })
}
