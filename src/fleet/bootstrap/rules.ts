/**
 * One bootstrap as a pure function over what the device asks and answers (LwM2M Core 1.2 §6.1): discover first, so
 * that the bootstrap account is never touched; delete what is there; write instance by instance; read back; finish.
 * Every step can be sent again without harm, so a restart goes on with the step that is pending. A device that asks
 * again has dropped what it was given, and everything begins anew.
 */
import { after, milliseconds, type Instant } from '../../base/time.ts'
import { unknownInventory, youngFrom, type Inventory } from '../../lwm2m/bootstrap/inventory.ts'
import { laidOut, planSteps } from './layout.ts'
import type { BootstrapRun, BootstrapStep, StepState } from './types.ts'

export interface BootstrapRules {
  /** Knob `bootstrap.patience`, milliseconds. */
  readonly patience: number
  /** Knob `bootstrap.attempts`. */
  readonly attempts: number
}

/** How the device answered the step that was pending. */
export type StepAnswer =
  /** `2.04` */
  | { readonly answer: 'code'; readonly code: string; readonly detail?: string }
  | { readonly answer: 'inventory'; readonly inventory: Inventory }
  /** What a read brought: whether it is what was written, or what is not. */
  | { readonly answer: 'compared'; readonly difference?: string }
  /** Never sent: no format can say it. */
  | { readonly answer: 'inexpressible'; readonly detail: string }
  | { readonly answer: 'silence'; readonly detail: string }

export type BootstrapInput =
  | {
      readonly input: 'requested'
      readonly secured: boolean
      readonly address: string
      readonly port: number
      readonly formats: readonly number[]
    }
  | { readonly input: 'answered'; readonly answer: StepAnswer }
  /** It has come to our own management server anew. */
  | { readonly input: 'registered' }
  | { readonly input: 'tick' }

/** Times a step is sent to a device that does not answer before it has to ask again. */
export const triesWithoutAnswer = 3

export function isOver({ state }: Pick<BootstrapRun, 'state'>): boolean {
  return state !== 'running'
}

export function pendingStep(run: BootstrapRun): number | undefined {
  if (isOver(run)) return undefined
  const index = run.steps.findIndex(({ state }) => state === 'pending')
  return index < 0 ? undefined : index
}

/** Whether the device is there to be asked: it has not been silent for too long. */
export function isListening(run: BootstrapRun): boolean {
  return !isOver(run) && (run.unanswered ?? 0) < triesWithoutAnswer
}

/** One input, one step. Total: every input is taken in every state, a run that is over stays as it is. */
export function stepRun(run: BootstrapRun, input: BootstrapInput, now: Instant, rules: BootstrapRules): BootstrapRun {
  if (isOver(run)) return run
  switch (input.input) {
    case 'requested':
      return begunAnew(run, input, now, rules)
    case 'answered':
      return answered(run, input.answer, now)
    case 'registered':
      return arrived(run, now)
    case 'tick':
      if (now < after(run.heardAt, milliseconds(rules.patience))) return run
      return failed(run, now, `the device was silent for ${Math.round(rules.patience / 60_000)} minutes`)
  }
}

export const discoverStep: BootstrapStep = { kind: 'discover', path: '/', state: 'pending' }

/** A run whose content went out whole, as a Bootstrap-Pack: the client asks no more. */
export function packed(run: BootstrapRun, now: Instant): BootstrapRun {
  const steps: BootstrapStep[] = [{ kind: 'pack', path: '/bspack', state: 'done', code: '2.05', at: now }]
  return over({ ...run, steps, state: 'finished' }, now)
}

function begunAnew(
  run: BootstrapRun,
  { secured, address, port, formats }: Extract<BootstrapInput, { input: 'requested' }>,
  now: Instant,
  { attempts }: BootstrapRules,
): BootstrapRun {
  if (run.attempts >= attempts) {
    return failed(run, now, `the device asked ${run.attempts} times and never came to the end`)
  }
  const { lean: _, unanswered: __, enabler: ___, refused: ____, ...rest } = run
  const steps = [discoverStep]
  return { ...rest, secured, address, port, formats, steps, attempts: run.attempts + 1, heardAt: now }
}

function answered(run: BootstrapRun, answer: StepAnswer, now: Instant): BootstrapRun {
  const index = pendingStep(run)
  if (index === undefined) return run
  if (answer.answer === 'silence') return { ...run, unanswered: (run.unanswered ?? 0) + 1 }
  const { unanswered: _, ...rest } = run
  const heard: BootstrapRun = { ...rest, heardAt: now }
  switch (heard.steps[index]!.kind) {
    case 'discover':
      return discovered(heard, index, answer, now)
    case 'delete':
      return deleted(heard, index, answer, now)
    case 'write':
      return written(heard, index, answer, now)
    case 'read':
      return readBack(heard, index, answer, now)
    case 'finish':
    case 'pack':
      return closed(heard, index, answer, now)
  }
}

function discovered(run: BootstrapRun, index: number, answer: StepAnswer, now: Instant): BootstrapRun {
  if (answer.answer === 'inventory') {
    const { enabler } = answer.inventory
    const isOld = enabler?.startsWith('1.0') === true
    const next = { ...mark(run, index, 'done', now), ...(isOld && ({ lean: true } as const)) }
    return planned({ ...next, ...(enabler !== undefined && { enabler }) }, answer.inventory)
  }
  // Discover is optional for clients: what is not told is assumed.
  return planned(mark(run, index, 'skipped', now, answer), unknownInventory(run.assumedAccount))
}

function planned(run: BootstrapRun, inventory: Inventory): BootstrapRun {
  const content = laidOut(run.content, inventory)
  return { ...run, content, steps: [...run.steps, ...planSteps({ ...run, content }, inventory)] }
}

function deleted(run: BootstrapRun, index: number, answer: StepAnswer, now: Instant): BootstrapRun {
  if (isGood(answer) || isCode(answer, '4.04')) return mark(run, index, 'done', now, answer)
  const { path } = run.steps[index]!
  // Leftovers of accounts would be servers the device still goes to; anything else may stay.
  if (!/^\/[01](\/|$)/.test(path)) return mark(run, index, 'skipped', now, answer)
  return failed(mark(run, index, 'failed', now, answer), now, `the device does not delete ${path}${told(answer)}`)
}

function written(before: BootstrapRun, index: number, answer: StepAnswer, now: Instant): BootstrapRun {
  const { refused, ...run } = before
  if (isGood(answer)) return mark(run, index, 'done', now, answer)
  const { path } = run.steps[index]!
  const isFormat = answer.answer === 'inexpressible' || isCode(answer, '4.15') || isCode(answer, '4.06')
  if (isFormat && run.formats.length > 1) return { ...before, formats: run.formats.slice(1) }
  if (isCode(answer, '4.05') && mayChangeForm(run, path)) return inOtherForm(run, index)
  const isContent = isCode(answer, '4.00') || isCode(answer, '4.04')
  if (isContent && run.lean === undefined && hasYoung(run, index)) return { ...run, lean: true }
  if (mayBeTheFormat(run, answer)) return { ...run, refused: refused ?? told(answer), formats: run.formats.slice(1) }
  // What was said before the formats ran out says more than that they did.
  const why = isFormat && refused !== undefined ? refused : told(answer)
  return failed(mark(run, index, 'failed', now, answer), now, `the device does not take ${path}${why}`)
}

/** Whether the step writes what a client of 1.0 does not know. */
function hasYoung({ content, steps }: BootstrapRun, index: number): boolean {
  return (steps[index]!.writes ?? []).some((write) => {
    const { object, resources } = content[write]!
    return Object.keys(resources).some((id) => Number(id) >= (youngFrom[object] ?? Infinity))
  })
}

/**
 * Clients that do not look at the format read one they do not know as another, and fail over it (wakaama takes text,
 * and says 5.00). Only the first write can tell: later ones come in a format that was taken.
 */
function mayBeTheFormat({ steps, formats }: BootstrapRun, answer: StepAnswer): boolean {
  const wasTaken = steps.some(({ kind, state }) => kind === 'write' && state === 'done')
  return !wasTaken && formats.length > 1 && (isCode(answer, '4.00') || isCode(answer, '5.00'))
}

/** Once, and only before anything of that object was written. */
function mayChangeForm(run: BootstrapRun, path: string): boolean {
  const object = path.split('/')[1]
  const ofObject = run.steps.filter(({ kind, path: other }) => kind === 'write' && other.split('/')[1] === object)
  return ofObject.every(({ state, detail }) => state === 'pending' && detail !== otherForm)
}

const otherForm = 'in the other form'

/** The writes of one object as one message, or one message each. */
function inOtherForm(run: BootstrapRun, index: number): BootstrapRun {
  const step = run.steps[index]!
  const object = step.path.split('/')[1]
  const isOfObject = ({ kind, path }: BootstrapStep): boolean => kind === 'write' && path.split('/')[1] === object
  const all = run.steps.filter(isOfObject).flatMap(({ writes = [] }) => writes)
  const isWhole = step.path.split('/').length === 2
  const others: BootstrapStep[] = isWhole
    ? all.map((write) => ({
        kind: 'write',
        path: `/${object}/${run.content[write]!.instance}`,
        writes: [write],
        state: 'pending',
        detail: otherForm,
      }))
    : [{ kind: 'write', path: `/${object}`, writes: all, state: 'pending', detail: otherForm }]
  const before = run.steps.slice(0, index)
  return { ...run, steps: [...before, ...others, ...run.steps.slice(index).filter((one) => !isOfObject(one))] }
}

function readBack(run: BootstrapRun, index: number, answer: StepAnswer, now: Instant): BootstrapRun {
  if (answer.answer !== 'compared') return mark(run, index, 'skipped', now, answer)
  if (answer.difference === undefined) return mark(run, index, 'done', now)
  const wrong = mark(run, index, 'failed', now, { answer: 'code', code: '2.05', detail: answer.difference })
  return failed(wrong, now, `the device holds something else than was written: ${answer.difference}`)
}

function closed(run: BootstrapRun, index: number, answer: StepAnswer, now: Instant): BootstrapRun {
  if (isGood(answer)) return over({ ...mark(run, index, 'done', now, answer), state: 'finished' }, now)
  const what = isCode(answer, '4.06') ? 'the device finds what it was given inconsistent' : 'the device does not finish'
  return failed(mark(run, index, 'failed', now, answer), now, `${what}${told(answer)}`)
}

/** Some go offline before their answer to Finish has left; that they registered says what it would have said. */
function arrived(run: BootstrapRun, now: Instant): BootstrapRun {
  const index = pendingStep(run)
  if (index === undefined || run.steps[index]!.kind !== 'finish') return run
  const answer = { answer: 'silence', detail: 'no answer, but it registered with what it was given' } as const
  return over({ ...mark(run, index, 'done', now, answer), state: 'finished' }, now)
}

function failed(run: BootstrapRun, now: Instant, reason: string): BootstrapRun {
  return over({ ...run, state: 'failed', reason }, now)
}

/** No key outlives its run. */
function over(run: BootstrapRun, now: Instant): BootstrapRun {
  return { ...run, finishedAt: now, content: [] }
}

function mark(run: BootstrapRun, index: number, state: StepState, at: Instant, answer?: StepAnswer): BootstrapRun {
  const { detail: _, ...step } = run.steps[index]!
  const code = answer?.answer === 'code' ? { code: answer.code } : {}
  const detail = answer !== undefined && 'detail' in answer ? { detail: answer.detail } : {}
  const done: BootstrapStep = {
    ...step,
    state,
    at,
    ...code,
    ...(detail.detail === undefined ? {} : { detail: detail.detail }),
  }
  return { ...run, steps: run.steps.with(index, done) }
}

function isGood(answer: StepAnswer): boolean {
  return answer.answer === 'code' && answer.code.startsWith('2.')
}

function isCode(answer: StepAnswer, code: string): boolean {
  return answer.answer === 'code' && answer.code === code
}

function told(answer: StepAnswer): string {
  if (answer.answer === 'code') return ` (${answer.code}${answer.detail === undefined ? '' : `: ${answer.detail}`})`
  return 'detail' in answer && answer.detail !== undefined ? ` (${answer.detail})` : ''
}
