/** The shape of one knob: what it is, its limits, and what turning it does. */

interface KnobBase {
  /** One sentence: what happens when it is larger, smaller or other. */
  readonly consequence: string
  /** RFC or document and section, where one speaks of it. */
  readonly reference?: string
  readonly scope: 'server' | 'listener'
  /** Whether a change takes hold without a restart. */
  readonly takesHold: 'live' | 'restart'
}

interface NumberKnob extends KnobBase {
  /** Durations are given in milliseconds. */
  readonly kind: 'duration' | 'count' | 'bytes'
  readonly default: number
  readonly min: number
  readonly max: number
}

interface ChoiceKnob extends KnobBase {
  readonly kind: 'choice'
  readonly default: string
  readonly choices: readonly string[]
}

interface TextKnob extends KnobBase {
  readonly kind: 'text'
  readonly default: string
  /** Though the default is not. */
  readonly mayBeEmpty?: true
}

export type Knob = NumberKnob | ChoiceKnob | TextKnob
