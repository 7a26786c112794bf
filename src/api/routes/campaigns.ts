/** /v1/campaigns: firmware for many devices, in stages. */
import type { Author } from '../../fleet/campaigns/types.ts'
import { routes } from '../contract/routes.ts'
import { defaultPageLimit } from '../contract/scalars.ts'
import {
  presentCampaign,
  presentCampaignDevice,
  presentCampaignPlan,
  presentCampaignReport,
  presentCampaignSummary,
} from '../present-campaign.ts'
import { preconditionOf, type ChangeHeaders } from '../revisions.ts'
import type { Api, Context } from './context.ts'

interface ActionRequest {
  readonly params: { readonly campaign: string }
  readonly body: { readonly by?: string; readonly why?: string }
  readonly headers: ChangeHeaders
}

export function campaignRoutes(app: Api, { services: { campaigns } }: Context): void {
  app.route({
    ...routes.listCampaigns,
    handler: async ({ query: { before, limit = defaultPageLimit } }) => {
      const found = campaigns.list(before, limit)
      const last = found.length === limit ? found.at(-1)?.campaign.id : undefined
      return {
        campaigns: found.map(presentCampaignSummary),
        ...(last !== undefined && last > 1 && { next: last }),
      }
    },
  })

  app.route({
    ...routes.createCampaign,
    handler: async ({ body: { by, why, ...draft } }, reply) => {
      const status = await campaigns.create(draft, authorOf({ by, why }))
      return reply.status(201).header('location', `/v1/campaigns/${status.campaign.name}`).send(presentCampaign(status))
    },
  })

  app.route({
    ...routes.planCampaign,
    handler: async ({ body: { by: _, why: __, ...draft } }) => presentCampaignPlan(await campaigns.plan(draft)),
  })

  app.route({
    ...routes.readCampaign,
    handler: async ({ params }) => presentCampaign(campaigns.status(params.campaign)),
  })

  app.route({
    ...routes.removeCampaign,
    handler: async ({ params, query, headers }, reply) => {
      campaigns.remove(params.campaign, authorOf(query), preconditionOf(headers))
      return reply.status(204).send(null)
    },
  })

  const acting =
    (action: Parameters<typeof campaigns.act>[1]) =>
    async ({ params, body, headers }: ActionRequest) =>
      presentCampaign(campaigns.act(params.campaign, action, authorOf(body), preconditionOf(headers)))
  app.route({ ...routes.approveCampaign, handler: acting('approve') })
  app.route({
    ...routes.startCampaign,
    handler: async ({ params, body: { force = false, ...author }, headers }) => {
      const options = { force, precondition: preconditionOf(headers) }
      return presentCampaign(await campaigns.start(params.campaign, authorOf(author), options))
    },
  })
  app.route({ ...routes.pauseCampaign, handler: acting('pause') })
  app.route({ ...routes.resumeCampaign, handler: acting('resume') })
  app.route({ ...routes.abortCampaign, handler: acting('abort') })

  app.route({
    ...routes.rollBackCampaign,
    handler: async ({ params, body, headers }, reply) => {
      const status = campaigns.rollBack(params.campaign, body.image, authorOf(body), preconditionOf(headers))
      return reply.status(201).header('location', `/v1/campaigns/${status.campaign.name}`).send(presentCampaign(status))
    },
  })

  app.route({
    ...routes.listCampaignDevices,
    handler: async ({ params, query: { state, after = 0, limit = defaultPageLimit } }) => {
      const found = campaigns.devices(params.campaign, state, after, limit)
      const last = found.length === limit ? found.at(-1)?.deviceId : undefined
      return { devices: found.map(presentCampaignDevice), ...(last !== undefined && { next: last }) }
    },
  })

  app.route({
    ...routes.reportCampaign,
    handler: async ({ params }) => presentCampaignReport(campaigns.report(params.campaign)),
  })
}

function authorOf({ by = 'operator', why }: { by?: string | undefined; why?: string | undefined }): Author {
  return { by, ...(why === undefined ? {} : { why }) }
}
