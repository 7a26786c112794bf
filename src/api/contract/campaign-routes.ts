/** The rows of the route table for campaigns. */
import { campaignOrderSchema } from './campaign-draft.ts'
import {
  campaignActionSchema,
  campaignDevicePageSchema,
  campaignDeviceQuerySchema,
  campaignListQuerySchema,
  campaignListSchema,
  campaignParamsSchema,
  campaignPlanSchema,
  campaignReportSchema,
  campaignRollbackSchema,
  campaignSchema,
  campaignStartSchema,
} from './campaign.ts'
import { changeHeadersSchema } from './precondition.ts'
import { noContent, route } from './route.ts'

export const campaignRoutes = {
  listCampaigns: route('listCampaigns', {
    summary: 'Firmware campaigns, newest first',
    tags: ['campaigns'],
    querystring: campaignListQuerySchema,
    response: { 200: campaignListSchema },
  }),
  createCampaign: route('createCampaign', {
    summary: 'Define a campaign; nothing happens before it is started',
    tags: ['campaigns'],
    body: campaignOrderSchema,
    response: { 201: campaignSchema },
  }),
  planCampaign: route('planCampaign', {
    summary: 'What a campaign would do, to how many devices and for how long; nothing is kept of it',
    tags: ['campaigns'],
    body: campaignOrderSchema,
    response: { 200: campaignPlanSchema },
  }),
  readCampaign: route('readCampaign', {
    summary: 'One campaign: its stages, counts, rates, and what its devices wait for',
    tags: ['campaigns'],
    params: campaignParamsSchema,
    response: { 200: campaignSchema },
  }),
  removeCampaign: route('removeCampaign', {
    summary: 'Remove a draft, or a campaign that is over, with all that was kept of it',
    tags: ['campaigns'],
    params: campaignParamsSchema,
    headers: changeHeadersSchema,
    querystring: campaignActionSchema,
    response: { 204: noContent },
  }),
  approveCampaign: campaignAction('approveCampaign', 'Approve a campaign, or its next stage'),
  startCampaign: route('startCampaign', {
    summary: 'Start a campaign: gather its devices and begin the first stage',
    tags: ['campaigns'],
    params: campaignParamsSchema,
    headers: changeHeadersSchema,
    body: campaignStartSchema,
    response: { 200: campaignSchema },
  }),
  pauseCampaign: campaignAction('pauseCampaign', 'Begin no more devices; those under way go on'),
  resumeCampaign: campaignAction('resumeCampaign', 'Go on after a pause, or after a gate has stopped it'),
  abortCampaign: campaignAction(
    'abortCampaign',
    'End a campaign: take back what does not install yet, let go of the rest',
  ),
  rollBackCampaign: route('rollBackCampaign', {
    summary: 'Begin a campaign that takes the devices this one has touched to another image',
    tags: ['campaigns'],
    params: campaignParamsSchema,
    headers: changeHeadersSchema,
    body: campaignRollbackSchema,
    response: { 201: campaignSchema },
  }),
  listCampaignDevices: route('listCampaignDevices', {
    summary: 'The devices of a campaign, each with its attempts, times, versions and results',
    tags: ['campaigns'],
    params: campaignParamsSchema,
    querystring: campaignDeviceQuerySchema,
    response: { 200: campaignDevicePageSchema },
  }),
  reportCampaign: route('reportCampaign', {
    summary: 'What became of a campaign: verdict, numbers, failures, who did what, progress over time',
    tags: ['campaigns'],
    params: campaignParamsSchema,
    response: { 200: campaignReportSchema },
  }),
}

function campaignAction<const N extends 'approveCampaign' | 'pauseCampaign' | 'resumeCampaign' | 'abortCampaign'>(
  name: N,
  summary: string,
) {
  return route(name, {
    summary,
    tags: ['campaigns'],
    params: campaignParamsSchema,
    headers: changeHeadersSchema,
    body: campaignActionSchema,
    response: { 200: campaignSchema },
  })
}
