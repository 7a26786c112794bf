/** The metrics port on prom-client. */
import { expect, it } from 'vitest'
import { createMetrics } from '../../../src/api/metrics.ts'
import { InvariantError } from '../../../src/base/errors.ts'

it('counts by label, each metric once', async () => {
  const metrics = createMetrics({ process: false })
  metrics.counter('coapstan_faults_total', 'Faults', { layer: 'coap' }).add()
  metrics.counter('coapstan_faults_total', 'Faults', { layer: 'coap' }).add(2)
  metrics.counter('coapstan_faults_total', 'Faults', { layer: 'dtls' })
  metrics.gauge('coapstan_actors', 'Actors').set(7)
  expect(await metrics.exposition()).toBe(`# HELP coapstan_faults_total Faults
# TYPE coapstan_faults_total counter
coapstan_faults_total{layer="coap"} 3
coapstan_faults_total{layer="dtls"} 0

# HELP coapstan_actors Actors
# TYPE coapstan_actors gauge
coapstan_actors 7
`)
})

it('shows the process where it is asked to', async () => {
  expect(await createMetrics({ process: true }).exposition()).toContain('process_resident_memory_bytes')
})

it('does not take one name for two kinds', () => {
  const metrics = createMetrics({ process: false })
  metrics.counter('x', 'X')
  expect(() => metrics.gauge('x', 'X')).toThrow(InvariantError)
})
