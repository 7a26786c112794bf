/** Watching a firmware update until it has come to its end, over restarts of the server too. */
import type { UpdateJson } from '../api/contract/firmware.ts'
import { Unreachable } from './client.ts'
import { CommandFailure, Interrupted } from './failure.ts'
import { ProgressBar, type Step } from './progress.ts'
import type { Session } from './session.ts'
import { counted, sizeText } from './style.ts'

/** Milliseconds between two looks. */
const period = 500

/** Throws CommandFailure where the update fails or is cancelled; Ctrl-C leaves it going on. */
export async function watchUpdate(session: Session, begun: UpdateJson): Promise<void> {
  const { client, surroundings, output } = session
  const { interrupted, pause } = surroundings
  const progress = new Progress(new ProgressBar(surroundings))
  let update = begun
  try {
    while (update.finishedAt === undefined) {
      progress.show(update)
      await pause(period, interrupted)
      if (interrupted.aborted) throw new Interrupted()
      try {
        update = await client.call('readUpdate', { params: { id: begun.id } })
      } catch (error) {
        // It was there when this began; it comes back, and the update with it.
        if (!(error instanceof Unreachable)) throw error
        progress.lost()
      }
    }
  } catch (error) {
    progress.clear()
    if (!(error instanceof Interrupted)) throw error
    throw new Interrupted([`the update goes on; see how: coapstan firmware status ${begun.endpoint} --watch`])
  }
  progress.show(update)
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

const endWords: Partial<Record<UpdateJson['state'], string>> = { failed: 'failed', gone: 'ended' }

function adviceFor({ retry, failure, endpoint }: UpdateJson): string[] {
  if (failure === 'reverted') return ['the image did not stand its trial: look at its logs before another try']
  if (failure === 'uri') return ['is coap.public-uri an address the device can reach, and the path one it can parse?']
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
    const { state, size } = update
    if (update.reason !== undefined && update.finishedAt === undefined) {
      this.#tell(`${update.attempts} ${update.reason}`, `${capital(update.reason)}${againAt(update)}`)
    }
    if (arrived.has(state)) {
      const tail = downloadTail(update)
      this.#tell('downloaded', `Downloaded ${sizeText(size)}${tail === '' ? '' : ` (${tail})`}`)
    }
    if (update.provingSince !== undefined) this.#tell('seen', `${update.version} was seen`)
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
