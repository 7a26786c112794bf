/** `--if-revision`: the change is made only where nobody has changed the same thing since it was looked at. */
import { Option } from 'commander'

export interface Conditional {
  readonly ifRevision?: string | undefined
}

export function revisionOption(): Option {
  return new Option('--if-revision <revision>', 'only where it still has the revision that `-o json` showed')
}

/** For `client.call`. */
export function onlyAt({ ifRevision }: Conditional): { headers?: { 'if-match': string } } {
  return ifRevision === undefined ? {} : { headers: { 'if-match': `"${ifRevision}"` } }
}
