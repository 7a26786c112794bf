/**
 * From a name in a certificate to an endpoint name. A pattern has at most one `*`, which stands for one label:
 * one or more characters without a dot; a pattern that is `*` alone takes any name whole. What the star stood for
 * replaces the `*` of the template: `*.meters.example` with `urn:dev:*` makes `urn:dev:a7` of `a7.meters.example`.
 */
import type { EndpointName } from '../registry/types.ts'

export interface NameRule {
  readonly pattern: string
  readonly template: string
}

/** Why the rule makes no sense, or undefined where it does. */
export function ruleProblem({ pattern, template }: NameRule): string | undefined {
  if (pattern === '') return 'a pattern has at least one character'
  if (starsIn(pattern) > 1) return 'a pattern has at most one *'
  if (starsIn(template) > starsIn(pattern)) {
    return starsIn(pattern) === 0 ? 'the endpoint name has a *, the pattern has none' : 'an endpoint name has one *'
  }
  if (starsIn(pattern) === 1 && starsIn(template) === 0) {
    return 'the pattern fits many certificates, which cannot share one endpoint name: put a * into it'
  }
  return undefined
}

/** The endpoint name `rule` makes of the first of `names` that fits; undefined where none does. */
export function endpointOf(rule: NameRule, names: readonly string[]): EndpointName | undefined {
  for (const name of names) {
    const star = starOf(rule.pattern, name)
    // A function, so that no `$` in a name means anything.
    if (star !== undefined) return rule.template.replace('*', () => star)
  }
  return undefined
}

/** What `*` stands for in `name`, empty where the pattern has none; undefined where the name does not fit. */
function starOf(pattern: string, name: string): string | undefined {
  const at = pattern.indexOf('*')
  if (at < 0) return pattern === name ? '' : undefined
  if (pattern === '*') return name
  const [before, behind] = [pattern.slice(0, at), pattern.slice(at + 1)]
  if (name.length <= before.length + behind.length) return undefined
  if (!name.startsWith(before) || !name.endsWith(behind)) return undefined
  const star = name.slice(before.length, name.length - behind.length)
  return star.includes('.') ? undefined : star
}

function starsIn(text: string): number {
  return text.split('*').length - 1
}
