/** Watching a firmware update until it has come to its end, over restarts of the server too. */
import type { UpdateJson } from '../api/contract/firmware.ts'
import { Unreachable } from './client.ts'
import { CommandFailure, Interrupted } from './failure.ts'
import { ProgressBar, type Step } from './progress.ts'
import type { Session } from './session.ts'
import { counted, sizeText } from './style.ts'

/** Milliseconds between two looks. */
const period = 500

/** To the end of the way it leads. Throws CommandFailure where it fails or is cancelled; Ctrl-C leaves it going on. */
export async function watchUpdate(session: Session, begun: UpdateJson): Promise<void> {
  const { client, surroundings, output } = session
  const { interrupted, pause } = surroundings
  const progress = new Progress(new ProgressBar(surroundings))
  let update = begun
  try {
    for (;;) {
      progress.show(update)
      const isEnded = update.finishedAt !== undefined
      if (isEnded && update.way === undefined) break
      if (!isEnded) await pause(period, interrupted)
      if (interrupted.aborted) throw new Interrupted()
      try {
        const { id, endpoint } = update
        const next = isEnded
          ? await client.call('readDeviceUpdate', { params: { endpoint } })
          : await client.call('readUpdate', { params: { id } })
        if (isEnded && next.way?.follows !== id) break
        update = next
      } catch (error) {
        // It was there when this began; it comes back, and the update with it.
        if (!(error instanceof Unreachable)) throw error
        progress.lost()
        if (isEnded) await pause(period, interrupted)
      }
    }
  } catch (error) {
    progress.clear()
    if (!(error instanceof Interrupted)) throw error
    throw new Interrupted([`the update goes on; see how: coapstan firmware status ${begun.endpoint} --watch`])
  }
  progress.clear()
  if (update.state !== 'confirmed') throw unsuccessful(update)
  await output.done(update, String(update.id), endOf(update))
}

/** `1.1.0 confirmed`, `failed: …`. */
export function endOf({ state, version, reason }: UpdateJson): string {
  if (state === 'confirmed') return `${version} confirmed`
  return reason === undefined ? state : `${state}: ${reason}`
}

/** `512 B blocks, 1 resume`; empty before anything was fetched. */
export function downloadTail({ blockSize, resumes, delivery }: UpdateJson): string {
  if (blockSize === undefined) return resumes === 0 ? '' : counted(resumes, 'resume')
  const how = delivery === 'push' ? 'pushed in ' : ''
  return `${how}${blockSize} B blocks, ${resumes === 0 ? 'no resume' : counted(resumes, 'resume')}`
}

/** `hop 1 of 2, to 1.1.0`. */
export function hopText({ way, version }: UpdateJson): string {
  const { hop, hops } = way ?? { hop: 1, hops: 1 }
  return hops === 1 ? `To ${version}` : `Hop ${hop} of ${hops}, to ${version}`
}

/** `a delta, 9 kB`. */
function packageText({ package: handed, size }: UpdateJson): string {
  return `${handed === 'delta' ? 'a delta' : 'the whole image'}, ${sizeText(size)}`
}

const endWords: Partial<Record<UpdateJson['state'], string>> = { failed: 'failed', gone: 'ended' }

function adviceFor({ retry, failure, endpoint }: UpdateJson): string[] {
  if (failure === 'reverted') return ['the image did not stand its trial: look at its logs before another try']
  if (failure === 'reverted-later')
    return ['look at what it did since: its logs, and who else may have installed something']
  if (failure === 'uri')
    return [
      'can the device reach that address? coap.public-uri, coaps.public-uri and downloads.public-uri set what it is told',
    ]
  if (failure === 'protocol') return [`--push writes the image to it instead`]
  if (retry === 'transient') return [`try again: coapstan firmware update ${endpoint} <image>`]
  return []
}

function unsuccessful(update: UpdateJson): CommandFailure {
  const { endpoint, version, state, reason, fromVersion } = update
  const why = reason === undefined ? '' : `: ${reason}`
  const still = fromVersion === undefined ? [] : [`the device ran ${fromVersion} before`]
  return new CommandFailure(`the update of ${endpoint} to ${version} ${endWords[state] ?? `was ${state}`}${why}`, {
    exitCode: 1,
    advice: [...still, ...adviceFor(update), `what happened: coapstan events --endpoint ${endpoint}`],
  })
}

/** The states of an update as lines that stay and a bar that moves. */
class Progress {
  readonly #bar: ProgressBar
  readonly #told = new Set<string>()

  constructor(bar: ProgressBar) {
    this.#bar = bar
  }

  show(update: UpdateJson): void {
    const { id, state, size, version } = update
    if (update.way !== undefined) this.#tell(`${id} begins`, `${hopText(update)}: ${packageText(update)}`)
    if (update.reason !== undefined && update.finishedAt === undefined) {
      this.#tell(`${id} ${update.attempts} ${update.reason}`, `${capital(update.reason)}${againAt(update)}`)
    }
    if (arrived.has(state)) {
      const tail = downloadTail(update)
      this.#tell(`${id} downloaded`, `Downloaded ${sizeText(size)}${tail === '' ? '' : ` (${tail})`}`)
    }
    if (update.provingSince !== undefined) this.#tell(`${id} seen`, `${version} was seen`)
    if (update.way !== undefined && update.finishedAt !== undefined) this.#tell(`${id} ends`, endOf(update))
    if (update.finishedAt === undefined) this.#bar.show(stepOf(update))
  }

  lost(): void {
    this.#bar.show({ label: 'No server answers; trying again' })
  }

  clear(): void {
    this.#bar.clear()
  }

  #tell(key: string, line: string): void {
    if (this.#told.has(key)) return
    this.#told.add(key)
    this.#bar.milestone(line)
  }
}

/** States in which the device holds the whole image. */
const arrived: ReadonlySet<UpdateJson['state']> = new Set(['downloaded', 'updating', 'proving', 'confirmed'])

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

function againAt({ state, dueAt }: UpdateJson): string {
  return state === 'pending' && dueAt !== undefined ? `; offered again at ${dueAt.slice(11, 19)} UTC` : ''
}

function stepOf(update: UpdateJson): Step {
  const { state, size, fetched, version } = update
  switch (state) {
    case 'pending':
      return { label: 'Waiting for the device' }
    case 'offered':
      return { label: `Offered ${version}` }
    case 'downloading':
      return { label: 'Downloading', fraction: size === 0 ? 1 : fetched / size, tail: downloadTail(update) }
    case 'updating':
      return { label: 'Updating', tail: 'the device installs and restarts' }
    case 'proving':
      return { label: `Proving ${version}`, tail: 'confirmed at the end of its health window' }
    case 'cancelling':
      return { label: 'Cancelling', tail: 'the device is to drop the image' }
    default:
      return { label: state === 'downloaded' ? 'Ready to install' : state }
  }
}
