/** `--force`: what the object model or the registration rules out is sent all the same. */
import { Option } from 'commander'

export interface Forcible {
  readonly force?: boolean | undefined
}

export function forceOption(): Option {
  return new Option('--force', 'send it even where the object model or the registration says no')
}

export function forceOf({ force }: Forcible): { force?: true } {
  return force === true ? { force } : {}
}
