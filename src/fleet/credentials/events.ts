/** What the world is told of credentials; never a key, nor anything a key could be found by. */
import type { EventDraft } from '../events/types.ts'
import { identityText } from './rules.ts'
import type { Credential } from './types.ts'

export function eventOf(kind: EventDraft['kind'], credential: Credential, cause: string): EventDraft {
  const { id, endpoint, kind: of, purpose, identity, replaces } = credential
  const about = purpose === undefined ? {} : { purpose }
  const detail = { credential: id, kind: of, ...about, identity: identityText(of, identity) }
  return { kind, cause, endpoint, detail: replaces === undefined ? detail : { ...detail, replaces } }
}
