import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { controller } from './controller.ts'
import { createClient } from './http-client.ts'
import { promMetrics } from './prom-metrics.ts'
import { answer, configMaps, scriptedServer, settled } from './testing.ts'
import { WorkQueue } from './workqueue.ts'

test('the metrics of a controller at work should have the names that controller-runtime gave them', async () => {
  const registry = new Registry()
  const metrics = promMetrics(registry)
  const server = await scriptedServer((_, response) => answer(response, { items: [] }))
  const client = createClient(server.connection, { onAnswer: metrics.onAnswer })
  await client.list(configMaps)
  await client.close()
  await server.close()
  await client.list(configMaps).catch(() => undefined)
  const queue = new WorkQueue({ metrics: metrics.queue('test') })
  const stop = new AbortController()
  const running = controller({
    name: 'test',
    queue,
    metrics: metrics.controller('test'),
    reconcile: async key => {
      if (key === 'bad') throw new Error('no')
    },
  }).run(stop.signal)
  queue.add('good')
  queue.add('bad')
  await settled()
  stop.abort()
  await running
  metrics.leader('lease').leading(true)
  metrics.events.event('sent')

  const text = await registry.metrics()
  for (const line of [
    'workqueue_depth{name="test"} 0',
    'workqueue_adds_total{name="test"} 2',
    'workqueue_retries_total{name="test"} 1',
    'workqueue_queue_duration_seconds_count{name="test"} 2',
    'workqueue_work_duration_seconds_count{name="test"} 2',
    'controller_runtime_reconcile_total{controller="test",result="success"} 1',
    'controller_runtime_reconcile_total{controller="test",result="error"} 1',
    'controller_runtime_reconcile_total{controller="test",result="requeue"} 0',
    'controller_runtime_reconcile_errors_total{controller="test"} 1',
    'controller_runtime_reconcile_time_seconds_count{controller="test"} 2',
    'rest_client_requests_total{code="200",method="GET"} 1',
    'rest_client_requests_total{code="<error>",method="GET"} 1',
    'leader_election_master_status{name="lease"} 1',
    'kube_events_total{outcome="sent"} 1',
  ]) {
    expect(text).toContain(line)
  }
})
