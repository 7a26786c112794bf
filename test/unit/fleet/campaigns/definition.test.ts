/** What operators write as a campaign: defaults, and every refusal by the name of its field. */
import { describe, expect, it } from 'vitest'
import { UsageError } from '../../../../src/base/errors.ts'
import { definitionOf, draftOf, durationText, type CampaignDraft } from '../../../../src/fleet/campaigns/definition.ts'

const define = (draft: Partial<CampaignDraft>) => definitionOf({ name: 'c', image: 'i', ...draft }, 'meter', undefined)

it('defaults to 5, 25, 100 percent with four hours of soak, stopped above 1 % of at least 20', () => {
  const { stages, failure, selector } = define({})
  expect(stages.map(({ upTo, soak }) => [upTo, durationText(soak)])).toEqual([
    [{ percent: 5 }, '4h'],
    [{ percent: 25 }, '4h'],
    [{ percent: 100 }, '0ms'],
  ])
  expect(failure).toEqual({ percent: 1, minimumSample: 20 })
  expect(selector).toEqual({ product: 'meter', tags: {} })
})

it('makes a window of hours over midnight on some days', () => {
  const { window } = define({ window: { from: '22:30', to: '04:00', days: ['mon', 'sat'], zone: 'Europe/Berlin' } })
  expect(window).toEqual({ cron: '30 22 * * 1,6', length: 5.5 * 3_600_000, zone: 'Europe/Berlin' })
})

it('comes back as it could have been written', () => {
  const draft: CampaignDraft = {
    name: 'c',
    image: 'i',
    select: { tags: { site: 'berlin' }, version: '<1.2.0', seenWithin: '7d' },
    stages: [{ count: 10, soak: '90m', within: '2d' }, { percent: 100 }],
    window: { cron: '0 1 * * *', length: '4h', zone: 'device' },
    retry: { attempts: 5, backoff: '30m' },
    deadline: '14d',
    lateJoiners: true,
  }
  const definition = define(draft)
  expect(definitionOf(draftOf('c', 'i', definition), 'meter', undefined)).toEqual(definition)
})

describe('what makes no sense', () => {
  it.each<[Partial<CampaignDraft>, string]>([
    [{ stages: [{ count: 10 }, { percent: 50 }] }, 'stages[1]'],
    [{ stages: [{ percent: 50 }, { percent: 20 }, { percent: 100 }] }, 'stages[1]'],
    [{ stages: [{ percent: 50 }, { count: 20 }, { percent: 100 }] }, 'stages[1]'],
    [{ stages: [{ count: 1, percent: 5 }, { percent: 100 }] }, 'stages[0]'],
    [{ stages: [{ percent: 10, soak: 'long' }, { percent: 100 }] }, 'stages[0].soak'],
    [{ select: { version: '>=x <y' } }, 'select.version'],
    [{ select: { seenWithin: 'soon' } }, 'select.seenWithin'],
    [{ window: { from: '22:00' } }, 'window'],
    [{ window: { from: '22:00', to: '23:00', cron: '* * * * *', length: '1h' } }, 'window'],
    [{ window: { cron: '61 * * * *', length: '1h' } }, 'window.cron'],
    [{ window: { cron: '0 1 30 2 *', length: '1h' } }, 'window.cron'],
    [{ window: { cron: '0 1 * * *', length: '9d' } }, 'window.length'],
    [{ window: { from: '22:00', to: '23:00', zone: 'Mars/Olympus' } }, 'window.zone'],
    [{ timeout: '1s' }, 'timeout'],
    [{ deadline: 'never' }, 'deadline'],
    [{ lateJoiners: true }, 'deadline'],
    [{ lateJoiners: true, deadline: '1d', select: { endpoints: ['a'] } }, 'lateJoiners'],
  ])('%j is refused as %s', (draft, field) => {
    let thrown: unknown
    try {
      define(draft)
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(UsageError)
    expect(thrown).toMatchObject({ code: 'campaign.definition', status: 422, members: { field } })
  })
})
