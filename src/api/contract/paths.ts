/**
 * Method and path of every route, and what both sides must agree on to find each other. Free of schemas,
 * so that the command line starts without loading them.
 */

export const paths = {
  listDevices: { method: 'GET', url: '/v1/devices' },
  readDevice: { method: 'GET', url: '/v1/devices/:endpoint' },
  putDevice: { method: 'PUT', url: '/v1/devices/:endpoint' },
  patchDevice: { method: 'PATCH', url: '/v1/devices/:endpoint' },
  deleteDevice: { method: 'DELETE', url: '/v1/devices/:endpoint' },
  readConfiguration: { method: 'GET', url: '/v1/devices/:endpoint/config' },
  setConfiguration: { method: 'PUT', url: '/v1/devices/:endpoint/config' },
  removeConfiguration: { method: 'DELETE', url: '/v1/devices/:endpoint/config' },
  submitOperation: { method: 'POST', url: '/v1/devices/:endpoint/operations' },
  listDeviceOperations: { method: 'GET', url: '/v1/devices/:endpoint/operations' },
  listObservations: { method: 'GET', url: '/v1/devices/:endpoint/observations' },
  listObservationRules: { method: 'GET', url: '/v1/observation-rules' },
  addObservationRule: { method: 'POST', url: '/v1/observation-rules' },
  removeObservationRule: { method: 'DELETE', url: '/v1/observation-rules/:id' },
  listOperations: { method: 'GET', url: '/v1/operations' },
  readOperation: { method: 'GET', url: '/v1/operations/:id' },
  cancelOperation: { method: 'POST', url: '/v1/operations/:id/cancel' },
  trace: { method: 'GET', url: '/v1/devices/:endpoint/trace' },
  traceCapture: { method: 'GET', url: '/v1/devices/:endpoint/trace.pcap' },
  addImage: { method: 'POST', url: '/v1/firmware-images' },
  listImages: { method: 'GET', url: '/v1/firmware-images' },
  readImage: { method: 'GET', url: '/v1/firmware-images/:image' },
  removeImage: { method: 'DELETE', url: '/v1/firmware-images/:image' },
  verifyImage: { method: 'POST', url: '/v1/firmware-images/:image/verify' },
  startUpdate: { method: 'POST', url: '/v1/devices/:endpoint/firmware' },
  readDeviceUpdate: { method: 'GET', url: '/v1/devices/:endpoint/firmware' },
  cancelUpdate: { method: 'DELETE', url: '/v1/devices/:endpoint/firmware' },
  listUpdates: { method: 'GET', url: '/v1/firmware-updates' },
  readUpdate: { method: 'GET', url: '/v1/firmware-updates/:id' },
  listCredentials: { method: 'GET', url: '/v1/credentials' },
  addCredential: { method: 'POST', url: '/v1/credentials' },
  importCredentials: { method: 'POST', url: '/v1/credentials/import' },
  readCredential: { method: 'GET', url: '/v1/credentials/:credential' },
  rotateCredential: { method: 'POST', url: '/v1/credentials/:credential/rotate' },
  revokeCredential: { method: 'POST', url: '/v1/credentials/:credential/revoke' },
  listHandshakes: { method: 'GET', url: '/v1/handshakes' },
  events: { method: 'GET', url: '/v1/events' },
  listObjects: { method: 'GET', url: '/v1/objects' },
  readObject: { method: 'GET', url: '/v1/objects/:id' },
  status: { method: 'GET', url: '/v1/status' },
  openapi: { method: 'GET', url: '/v1/openapi.json' },
  health: { method: 'GET', url: '/healthz' },
  readiness: { method: 'GET', url: '/readyz' },
  metrics: { method: 'GET', url: '/metrics' },
} as const satisfies Readonly<Record<string, { method: string; url: `/${string}` }>>

export type RouteName = keyof typeof paths

/** The file of the bearer token, in the data directory; only its owner may read it. */
export const tokenFileName = 'api-token'
