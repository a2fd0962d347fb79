import { expect, test } from 'vitest'
import { adminClient, kubectl, testNamespace } from '../hack/testing.ts'
import { events } from './event.ts'
import { EventRecorder } from './events.ts'
import { configMaps, TestClock } from './testing.ts'

test('an Event should be there for kubectl describe and get, and count what repeats', async () => {
  const namespace = await testNamespace('events')
  const client = adminClient()
  const object = await client.create(configMaps, { metadata: { namespace, name: 'subject' } })
  const clock = new TestClock(new Date())
  const outcomes: string[] = []
  const recorder = new EventRecorder({
    client,
    reportingController: 'example.dev/test',
    reportingInstance: 'test-0',
    clock,
    metrics: { event: outcome => outcomes.push(outcome) },
  })
  const input = { type: 'Warning', reason: 'Refused', action: 'Approve', note: 'somebody said no' } as const
  recorder.record(object, input)
  await recorder.flush()
  recorder.record(object, input)
  recorder.record(object, input)
  await recorder.stop()
  expect(outcomes).toEqual(['sent', 'sent'])

  const { items } = await client.list(events, { namespace })
  expect(items).toHaveLength(1)
  expect(items[0]).toMatchObject({
    reason: 'Refused',
    note: 'somebody said no',
    series: { count: 3 },
    regarding: { kind: 'ConfigMap', name: 'subject', uid: object.metadata.uid },
  })
  const shown = await kubectl([
    '-n',
    namespace,
    'get',
    'events',
    '--field-selector',
    'involvedObject.name=subject',
  ])
  expect(shown).toMatch(/Warning\s+Refused\s+configmap\/subject\s+somebody said no/)
})
