import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { AuditEntry } from '../../crds/v1alpha1/auditrecord.ts'
import { auditRecords } from '../../crds/v1alpha1/resources.ts'
import { adminClient, eventually, testNamespace } from '../../hack/testing.ts'
import type { Client } from '../../kube/client.ts'
import { systemClock } from '../../kube/clock.ts'
import { ApiError } from '../../kube/errors.ts'
import type { Resource } from '../../kube/types.ts'
import { faultyClient, once } from '../testing/faulty-client.ts'
import { operatorClient } from '../testing/world.ts'
import { recordHash } from './chain.ts'
import type { NewEntry } from './entry.ts'
import { AuditUnavailable, createAuditWriter } from './writer.ts'

const namespaces: Resource = {
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  namespaced: false,
}
const configMaps: Resource = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
}

const writerWith = (client: Client) => createAuditWriter({ client, clock: systemClock })

const entry = (key: string, changes: Partial<AuditEntry> = {}): NewEntry => ({
  key,
  entry: { action: 'ToolExecuted', run: key, ...changes },
})

const recordsIn = async (namespace: string) => {
  const { items } = await adminClient().listAll(auditRecords, { namespace })
  return items.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
}

/** The runs that the entries name, in order, once the chain was found to be without a gap or a wrong hash. */
const chainIn = async (namespace: string): Promise<(string | undefined)[]> => {
  let prevHash: string | undefined
  let seq = 0
  const runs: (string | undefined)[] = []
  for (const { spec } of await recordsIn(namespace)) {
    expect(spec.prevHash).toBe(prevHash)
    expect(spec.hash).toBe(recordHash(namespace, spec.entries, prevHash))
    for (const one of spec.entries) {
      expect(one.seq).toBe(++seq)
      runs.push(one.run)
    }
    prevHash = spec.hash
  }
  return runs
}

describe('the audit writer', () => {
  it('writes what arrives at once into few records, in the order in which it arrived', async () => {
    const namespace = await testNamespace('audit')
    const writer = writerWith(operatorClient())
    const keys = Array.from({ length: 250 }, (_, index) => `run-${index}`)
    await Promise.all(keys.map(key => writer.append(namespace, [entry(key)])))
    expect(await chainIn(namespace)).toEqual(keys)
    const records = await recordsIn(namespace)
    expect(records.length).toBeLessThanOrEqual(4)
    expect(Math.max(...records.map(({ spec }) => spec.entries.length))).toBe(100)
  })

  it('keeps one chain and records nothing twice where two of them write at once', async () => {
    const namespace = await testNamespace('audit')
    const writers = [writerWith(operatorClient()), writerWith(operatorClient())]
    const keys = Array.from({ length: 40 }, (_, index) => `run-${index}`)
    await Promise.all(
      writers.flatMap(writer =>
        keys.map(async (key, index) => {
          await delay(index % 7)
          await writer.append(namespace, [entry(key)])
        }),
      ),
    )
    expect((await chainIn(namespace)).toSorted()).toEqual(keys.toSorted())
  })

  it('records nothing again after it was started anew', async () => {
    const namespace = await testNamespace('audit')
    await writerWith(operatorClient()).append(namespace, [entry('first'), entry('second')])
    const next = writerWith(operatorClient())
    await next.append(namespace, [entry('second'), entry('third')])
    expect(next.has(namespace, 'first')).toBe(true)
    expect(await chainIn(namespace)).toEqual(['first', 'second', 'third'])
  })

  it.each(['Before', 'After'] as const)(
    'rejects when the connection breaks (%s the record landed), and records once when it is asked again',
    async when => {
      const namespace = await testNamespace('audit')
      const broken = once(when, () => true)
      const writer = writerWith(faultyClient(operatorClient(), broken.fault))
      await expect(writer.append(namespace, [entry('only')])).rejects.toThrow(AuditUnavailable)
      await Promise.all([
        writer.append(namespace, [entry('only')]),
        writer.append(namespace, [entry('next')]),
      ])
      expect(broken.done()).toBe(true)
      expect(await chainIn(namespace)).toEqual(['only', 'next'])
    },
  )

  it('says what the server refused, and goes on when it is let', async () => {
    const namespace = await testNamespace('audit')
    let forbidden = true
    const refusing = faultyClient(operatorClient(), () =>
      forbidden ? new ApiError(403, 'Forbidden', 'may not create auditrecords') : undefined,
    )
    const writer = writerWith(refusing)
    await expect(writer.append(namespace, [entry('only')])).rejects.toThrow('403 Forbidden')
    forbidden = false
    expect(await writer.append(namespace, [entry('only')])).toBe('Recorded')
    expect(await chainIn(namespace)).toEqual(['only'])
  })

  it('spreads over several records what is too much for one', async () => {
    const namespace = await testNamespace('audit')
    const writer = writerWith(operatorClient())
    const many = Array.from({ length: 150 }, (_, index) => entry(`many-${index}`))
    // Six bytes each where the API server keeps them.
    const large = Array.from({ length: 12 }, (_, index) =>
      entry(`large-${index}`, { params: { note: '<'.repeat(60_000) } }),
    )
    await writer.append(namespace, many)
    await writer.append(namespace, large)
    expect(await chainIn(namespace)).toEqual([...many, ...large].map(({ key }) => key))
  })

  it('records nothing in a namespace that is being deleted or is gone, and says so', async () => {
    const namespace = await testNamespace('audit')
    const writer = writerWith(operatorClient())
    await writer.append(namespace, [entry('before')])
    await adminClient().create(configMaps, {
      metadata: { namespace, name: 'holds', finalizers: ['test.dev/hold'] },
    })
    await adminClient().delete(namespaces, { name: namespace })
    await eventually(
      async () => (await writer.append(namespace, [entry(crypto.randomUUID())])) !== 'Recorded',
    )
    await adminClient().patch(
      configMaps,
      { namespace, name: 'holds' },
      { type: 'merge', body: { metadata: { finalizers: null } } },
    )
    await eventually(async () => (await adminClient().find(namespaces, { name: namespace })) === undefined, {
      timeoutMs: 40_000,
    })
    expect(await writer.append(namespace, [entry('after')])).toBe('NamespaceTerminating')
  }, 90_000)
})
