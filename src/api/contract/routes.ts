/**
 * The route table: what each route takes and answers. The server registers these, `/v1/openapi.json` is
 * made from them, and the client's types are theirs.
 */
import type { Static, TSchema } from 'typebox'
import { campaignRoutes } from './campaign-routes.ts'
import {
  runListSchema,
  runQuerySchema,
  runSchema,
  templateDraftSchema,
  templateListSchema,
  templateParamsSchema,
  templateSchema,
  triggerSchema,
} from './bootstrap.ts'
import {
  credentialDraftSchema,
  credentialPageSchema,
  credentialParamsSchema,
  credentialQuerySchema,
  credentialSchema,
  importQuerySchema,
  importReportSchema,
  newCredentialSchema,
  revocationSchema,
  rotationSchema,
} from './credential.ts'
import { configurationSchema, configurationSetSchema } from './configuration.ts'
import {
  devicePageSchema,
  devicePatchSchema,
  devicePutSchema,
  deviceQuerySchema,
  deviceSchema,
  endpointParamsSchema,
} from './device.ts'
import { eventHeadersSchema, eventPageSchema, eventQuerySchema, eventStreamMediaType } from './event.ts'
import { updateListSchema, updateParamsSchema, updateQuerySchema, updateSchema, updateStartSchema } from './firmware.ts'
import { handshakeListSchema, handshakeQuerySchema } from './handshake.ts'
import { imageRoutes } from './image-routes.ts'
import {
  objectDefinitionSchema,
  objectListSchema,
  objectParamsSchema,
  objectQuerySchema,
  objectReloadSchema,
  objectValidationSchema,
} from './object.ts'
import {
  observationListSchema,
  observationRuleDraftSchema,
  observationRuleListSchema,
  observationRuleParamsSchema,
  observationRuleSchema,
} from './observation.ts'
import {
  allOperationsQuerySchema,
  idempotencyHeadersSchema,
  operationDraftSchema,
  operationPageSchema,
  operationParamsSchema,
  operationQuerySchema,
  operationSchema,
  operationWaitSchema,
} from './operation.ts'
import { changeHeadersSchema, putHeadersSchema } from './precondition.ts'
import { noContent, octetsAnswer, octetsBody, route } from './route.ts'
import { healthSchema, statusSchema } from './status.ts'
import { captureMediaType, traceHeadersSchema, traceQuerySchema, traceSchema } from './trace.ts'

export const routes = {
  listDevices: route('listDevices', {
    summary: 'Devices, in the order of their endpoint names',
    tags: ['devices'],
    querystring: deviceQuerySchema,
    response: { 200: devicePageSchema },
  }),
  readDevice: route('readDevice', {
    summary: 'One device with its registration and status',
    tags: ['devices'],
    params: endpointParamsSchema,
    response: { 200: deviceSchema },
  }),
  putDevice: route('putDevice', {
    summary: 'Create a device, or replace what the operator said of it',
    tags: ['devices'],
    params: endpointParamsSchema,
    headers: putHeadersSchema,
    body: devicePutSchema,
    response: { 200: deviceSchema, 201: deviceSchema },
  }),
  patchDevice: route('patchDevice', {
    summary: 'Change a device; null takes a value away',
    tags: ['devices'],
    params: endpointParamsSchema,
    headers: changeHeadersSchema,
    body: devicePatchSchema,
    response: { 200: deviceSchema },
  }),
  deleteDevice: route('deleteDevice', {
    summary: 'Forget a device and all that hangs on it; its events stay',
    tags: ['devices'],
    params: endpointParamsSchema,
    headers: changeHeadersSchema,
    response: { 204: noContent },
  }),
  readConfiguration: route('readConfiguration', {
    summary: 'What the device is given when it asks for its configuration',
    tags: ['devices'],
    params: endpointParamsSchema,
    response: { 200: configurationSchema },
  }),
  setConfiguration: route('setConfiguration', {
    summary: 'Give a device its configuration; it is told at once where it observes /config',
    tags: ['devices'],
    params: endpointParamsSchema,
    headers: putHeadersSchema,
    body: configurationSetSchema,
    response: { 200: configurationSchema },
  }),
  removeConfiguration: route('removeConfiguration', {
    summary: 'Take the configuration of a device away',
    tags: ['devices'],
    params: endpointParamsSchema,
    headers: changeHeadersSchema,
    response: { 204: noContent },
  }),
  submitOperation: route('submitOperation', {
    summary: 'Ask something of a device: 200 with the outcome if it comes within `wait`, else 202',
    tags: ['operations'],
    params: endpointParamsSchema,
    querystring: operationWaitSchema,
    headers: idempotencyHeadersSchema,
    body: operationDraftSchema,
    response: { 200: operationSchema, 202: operationSchema },
  }),
  listDeviceOperations: route('listDeviceOperations', {
    summary: 'What was asked of a device and what became of it',
    tags: ['operations'],
    params: endpointParamsSchema,
    querystring: operationQuerySchema,
    response: { 200: operationPageSchema },
  }),
  listObservations: route('listObservations', {
    summary: 'What is to be observed on a device, and whether it is',
    tags: ['operations'],
    params: endpointParamsSchema,
    response: { 200: observationListSchema },
  }),
  listObservationRules: route('listObservationRules', {
    summary: 'What is to be observed on every device of a product or with certain tags',
    tags: ['operations'],
    response: { 200: observationRuleListSchema },
  }),
  addObservationRule: route('addObservationRule', {
    summary: 'Observe a path on every device of a product or with certain tags, now and whenever one registers',
    tags: ['operations'],
    body: observationRuleDraftSchema,
    response: { 200: observationRuleSchema },
  }),
  removeObservationRule: route('removeObservationRule', {
    summary: 'Remove a rule; what it alone wanted is no longer observed',
    tags: ['operations'],
    params: observationRuleParamsSchema,
    response: { 204: noContent },
  }),
  listOperations: route('listOperations', {
    summary: 'Operations of all devices',
    tags: ['operations'],
    querystring: allOperationsQuerySchema,
    response: { 200: operationPageSchema },
  }),
  readOperation: route('readOperation', {
    summary: 'One operation; with `wait` as soon as it has ended',
    tags: ['operations'],
    params: operationParamsSchema,
    querystring: operationWaitSchema,
    response: { 200: operationSchema },
  }),
  cancelOperation: route('cancelOperation', {
    summary: 'Withdraw an operation that has not been sent',
    tags: ['operations'],
    params: operationParamsSchema,
    response: { 200: operationSchema },
  }),
  trace: route('trace', {
    summary:
      'The last datagrams of a device, decoded; with `Accept: text/event-stream` as they pass, resuming by Last-Event-ID',
    tags: ['devices'],
    params: endpointParamsSchema,
    querystring: traceQuerySchema,
    headers: traceHeadersSchema,
    response: { 200: traceSchema },
    'x-also-produces': eventStreamMediaType,
  }),
  traceCapture: route('traceCapture', {
    summary: 'The last datagrams of a device as a capture that Wireshark opens: plain CoAP, never keys of DTLS',
    tags: ['devices'],
    params: endpointParamsSchema,
    response: { 200: octetsAnswer(captureMediaType, 'pcap, link type RAW') },
  }),
  ...imageRoutes,
  ...campaignRoutes,
  startUpdate: route('startUpdate', {
    summary: 'Update the firmware of a device',
    tags: ['firmware'],
    params: endpointParamsSchema,
    body: updateStartSchema,
    response: { 202: updateSchema },
  }),
  readDeviceUpdate: route('readDeviceUpdate', {
    summary: 'The newest firmware update of a device',
    tags: ['firmware'],
    params: endpointParamsSchema,
    response: { 200: updateSchema },
  }),
  cancelUpdate: route('cancelUpdate', {
    summary: 'Cancel the firmware update of a device',
    tags: ['firmware'],
    params: endpointParamsSchema,
    response: { 200: updateSchema },
  }),
  listUpdates: route('listUpdates', {
    summary: 'Firmware updates',
    tags: ['firmware'],
    querystring: updateQuerySchema,
    response: { 200: updateListSchema },
  }),
  readUpdate: route('readUpdate', {
    summary: 'One firmware update',
    tags: ['firmware'],
    params: updateParamsSchema,
    response: { 200: updateSchema },
  }),
  listCredentials: route('listCredentials', {
    summary: 'Credentials, their keys masked',
    tags: ['credentials'],
    querystring: credentialQuerySchema,
    response: { 200: credentialPageSchema },
  }),
  addCredential: route('addCredential', {
    summary: 'Give an endpoint a pre-shared key, a public key or a certificate, or a pattern of names an endpoint',
    tags: ['credentials'],
    body: credentialDraftSchema,
    response: { 201: newCredentialSchema },
  }),
  importCredentials: route('importCredentials', {
    summary: 'Import pre-shared keys: the body is CSV with endpoint, identity, key, product, tags',
    tags: ['credentials'],
    querystring: importQuerySchema,
    response: { 200: importReportSchema },
    ...octetsBody,
  }),
  readCredential: route('readCredential', {
    summary: 'One credential, its key masked',
    tags: ['credentials'],
    params: credentialParamsSchema,
    response: { 200: credentialSchema },
  }),
  rotateCredential: route('rotateCredential', {
    summary: 'Give an endpoint a new credential; the old one is accepted until the new one has been used, and a grace',
    tags: ['credentials'],
    params: credentialParamsSchema,
    body: rotationSchema,
    response: { 200: newCredentialSchema },
  }),
  revokeCredential: route('revokeCredential', {
    summary: 'Revoke by endpoint name all it has, by number that one: what is open is closed, nothing more is accepted',
    tags: ['credentials'],
    params: credentialParamsSchema,
    response: { 200: revocationSchema },
  }),
  listBootstrapTemplates: route('listBootstrapTemplates', {
    summary: 'What devices are given when they are bootstrapped, by name of the template',
    tags: ['bootstrap'],
    response: { 200: templateListSchema },
  }),
  readBootstrapTemplate: route('readBootstrapTemplate', {
    summary: 'One template, its keys masked',
    tags: ['bootstrap'],
    params: templateParamsSchema,
    response: { 200: templateSchema },
  }),
  putBootstrapTemplate: route('putBootstrapTemplate', {
    summary: 'Add a template, or replace it; runs under way go on as they began',
    tags: ['bootstrap'],
    params: templateParamsSchema,
    headers: putHeadersSchema,
    body: templateDraftSchema,
    response: { 200: templateSchema, 201: templateSchema },
  }),
  removeBootstrapTemplate: route('removeBootstrapTemplate', {
    summary: 'Remove a template; devices keep what they were given',
    tags: ['bootstrap'],
    params: templateParamsSchema,
    headers: changeHeadersSchema,
    response: { 204: noContent },
  }),
  listBootstrapRuns: route('listBootstrapRuns', {
    summary: 'Who was bootstrapped, and how far it came; newest first',
    tags: ['bootstrap'],
    querystring: runQuerySchema,
    response: { 200: runListSchema },
  }),
  readDeviceBootstrap: route('readDeviceBootstrap', {
    summary: 'The newest bootstrap of a device, step by step',
    tags: ['bootstrap'],
    params: endpointParamsSchema,
    response: { 200: runSchema },
  }),
  triggerBootstrap: route('triggerBootstrap', {
    summary: 'Have a device ask its bootstrap server, by executing /1/x/9',
    tags: ['bootstrap'],
    params: endpointParamsSchema,
    body: triggerSchema,
    response: { 202: operationSchema },
  }),
  listHandshakes: route('listHandshakes', {
    summary: 'Handshakes since the server started, and why they failed',
    tags: ['credentials'],
    querystring: handshakeQuerySchema,
    response: { 200: handshakeListSchema },
  }),
  events: route('events', {
    summary: 'What happened: a page, or with `Accept: text/event-stream` a stream that resumes by Last-Event-ID',
    tags: ['events'],
    querystring: eventQuerySchema,
    headers: eventHeadersSchema,
    response: { 200: eventPageSchema },
    'x-also-produces': eventStreamMediaType,
  }),
  listObjects: route('listObjects', {
    summary: 'Objects the server has definitions of',
    tags: ['objects'],
    response: { 200: objectListSchema },
  }),
  readObject: route('readObject', {
    summary: 'The definition of an object: its resources, their types, ranges and units',
    tags: ['objects'],
    params: objectParamsSchema,
    querystring: objectQuerySchema,
    response: { 200: objectDefinitionSchema },
  }),
  validateObjects: route('validateObjects', {
    summary: 'Check a file of object definitions (OMA DDF): the body is the file; nothing is kept',
    tags: ['objects'],
    response: { 200: objectValidationSchema },
    ...octetsBody,
  }),
  reloadObjects: route('reloadObjects', {
    summary: 'Read the object definitions again and use them from now on; 422 and no change where one is not sound',
    tags: ['objects'],
    response: { 200: objectReloadSchema },
  }),
  status: route('status', {
    summary: 'Version, uptime, counts and listeners',
    tags: ['server'],
    response: { 200: statusSchema },
  }),
  health: route('health', {
    summary: 'The process is alive',
    tags: ['server'],
    security: [],
    response: { 200: healthSchema },
  }),
  readiness: route('readiness', {
    summary: 'The server can serve; 503 with `reasons` where it cannot',
    tags: ['server'],
    security: [],
    response: { 200: healthSchema },
  }),
}

type Table = typeof routes
export type DescribedRoute = keyof Table

type Part<N extends DescribedRoute, P extends string> = Table[N]['schema'] extends { readonly [K in P]: infer S }
  ? S extends TSchema
    ? Static<S>
    : undefined
  : undefined
type Answers<N extends DescribedRoute> = Table[N]['schema']['response']
type Success<N extends DescribedRoute> = Extract<Answers<N>[Exclude<keyof Answers<N>, 'default'>], TSchema>

/** What a client hands to a route and gets from it. */
export interface Call<N extends DescribedRoute> {
  readonly params: Part<N, 'params'>
  readonly query: Part<N, 'querystring'>
  readonly body: Part<N, 'body'>
  readonly answer: Static<Success<N>>
}
