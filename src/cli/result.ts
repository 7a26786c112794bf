/** What an operation brought, in the format the user wants. */
import type { OperationJson } from '../api/contract/operation.ts'
import { contentListing, isContent, isLinks, linksListing } from './content.ts'
import { queuedSentence } from './outcome.ts'
import type { Session } from './session.ts'

/** Content and links as such; anything else is the operation itself, with `sentence` for people. */
export async function showResult(session: Session, operation: OperationJson, sentence?: string): Promise<void> {
  const { output } = session
  const { result, kind, path, code, id, finishedAt } = operation
  if (finishedAt === undefined) return output.done(operation, String(id), await queuedSentence(session, operation))
  if (isContent(result)) return output.list(contentListing(result, output.isForPeople))
  if (isLinks(result)) return output.list(linksListing(result))
  await output.done(operation, String(operation.id), sentence ?? `${kind} ${path} is done${codeText(code)}`)
}

export function codeText(code: string | undefined): string {
  return code === undefined ? '' : ` (${code})`
}
