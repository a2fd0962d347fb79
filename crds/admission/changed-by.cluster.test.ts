// Who is said to have changed an agent or a project, where the server stamps it (older.cluster.test.ts: where not).
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { outcome, people, projectNamespace } from '../../hack/admission.ts'
import { adminClient } from '../../hack/testing.ts'
import { changed } from '../../hack/truthtable.ts'
import { ANNOTATIONS } from '../v1alpha1/meta.ts'
import { agents, projects } from '../v1alpha1/resources.ts'
import { sampleAgent, sampleProject } from '../v1alpha1/samples.ts'

const { changedBy, acceptedBy, acceptTools } = ANNOTATIONS
let namespace: string
const ref = () => ({ namespace, name: 'order-manager' })
const owner = () => people(namespace).owner
const admin = () => people(namespace).admin
const annotations = async () => (await adminClient().get(agents, ref())).metadata.annotations ?? {}
const named = async () => [(await annotations())[changedBy], (await annotations())[acceptedBy]]
const edit = (body: object) => admin().patch(agents, ref(), { type: 'merge', body })
const spec = { systemPrompt: 'changed' }
const forged = { [changedBy]: 'mallory@acme.com', [acceptedBy]: 'mallory@acme.com' }

beforeAll(async () => {
  namespace = await projectNamespace('changed-by')
})
beforeEach(async () => {
  if (await adminClient().find(agents, ref())) await adminClient().delete(agents, ref())
  await owner().create(agents, sampleAgent(namespace))
})

it('names who made an agent, and then who changed it last', async () => {
  expect(await named()).toEqual(['alice@acme.com', undefined])
  await edit({ spec })
  expect(await named()).toEqual(['bob@acme.com', undefined])
})

it('names who accepted changed tools, beside who changed the spec', async () => {
  await edit({ metadata: { annotations: { [acceptTools]: 'sha256:one' } } })
  expect(await named()).toEqual(['alice@acme.com', 'bob@acme.com'])
  await edit({ metadata: { annotations: { [acceptTools]: null } } })
  expect(await named()).toEqual(['alice@acme.com', undefined])
})

it('stays what it is where neither changes, as with a finalizer or a label', async () => {
  await edit({ metadata: { labels: { team: 'shop' }, finalizers: ['acme.com/hold'] } })
  expect(await named()).toEqual(['alice@acme.com', undefined])
  await edit({ metadata: { finalizers: null } })
  expect(await named()).toEqual(['alice@acme.com', undefined])
})

describe('whatever is sent', () => {
  const whole = async (set: Readonly<Record<string, unknown>>) =>
    changed(await adminClient().get(agents, ref()), set)
  const apply = (body: object) =>
    admin().patch(agents, ref(), { type: 'apply', body, force: true }, { fieldManager: 'gitops' })
  const paths: readonly [string, (metadata: object, withSpec: boolean) => Promise<unknown>][] = [
    ['merge patch', (metadata, withSpec) => edit({ metadata, ...(withSpec ? { spec } : {}) })],
    [
      'JSON patch',
      (metadata, withSpec) =>
        admin().patch(agents, ref(), {
          type: 'json',
          body: [
            { op: 'add' as const, path: '/metadata/annotations', value: annotationsIn(metadata) },
            ...(withSpec ? [{ op: 'add' as const, path: '/spec/systemPrompt', value: 'changed' }] : []),
          ],
        }),
    ],
    [
      'server-side apply',
      (metadata, withSpec) => {
        const sample = sampleAgent(namespace)
        return apply({
          ...sample,
          metadata: { ...ref(), ...metadata },
          ...(withSpec ? { spec: { ...sample.spec, ...spec } } : {}),
        })
      },
    ],
    [
      'PUT',
      async (metadata, withSpec) =>
        admin().replace(
          agents,
          await whole({
            '/metadata/annotations': annotationsIn(metadata),
            ...(withSpec ? { '/spec/systemPrompt': 'changed' } : {}),
          }),
        ),
    ],
  ]
  const annotationsIn = (metadata: object) => (metadata as { annotations: object }).annotations

  it.each(paths)('by %s it names the writer of the spec and nobody else', async (_, write) => {
    await write({ annotations: forged }, false)
    expect(await named()).toEqual(['alice@acme.com', undefined])
    await write({ annotations: forged }, true)
    expect(await named()).toEqual(['bob@acme.com', undefined])
  })

  it('no annotations at all, as from who sends the whole object anew, lose no name', async () => {
    await edit({ metadata: { annotations: null } })
    expect(await named()).toEqual(['alice@acme.com', undefined])
    await edit({ metadata: { annotations: null }, spec })
    expect(await named()).toEqual(['bob@acme.com', undefined])
  })

  it('an agent without a spec is refused by the schema, in its words', async () => {
    expect(await outcome(edit({ spec: null }))).toMatch(/^the schema refuses/)
  })

  it('a new agent names who made it', async () => {
    const agent = changed(sampleAgent(namespace, 'forged'), { '/metadata/annotations': forged })
    const { metadata } = await admin().create(agents, agent, { dryRun: true })
    expect(metadata.annotations).toEqual({ [changedBy]: 'bob@acme.com' })
  })

  it('applies again and again change nothing, and fall out with nobody', async () => {
    const { metadata: _, ...rest } = sampleAgent(namespace)
    const mine = { ...rest, metadata: { ...ref(), annotations: { team: 'shop' } } }
    const first = await apply(mine)
    const second = await apply(mine)
    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion)
    expect(await named()).toEqual(['alice@acme.com', undefined])
  })
})

it('a project names who changed it', async () => {
  const project = changed(sampleProject(namespace), { '/metadata/annotations': forged })
  const { metadata } = await adminClient().create(projects, project)
  const made = metadata.annotations?.[changedBy]
  expect(made).toBeTruthy()
  expect(made).not.toBe('mallory@acme.com')
  const by = { namespace, name: 'project' }
  const body = { spec: { notifications: { email: { enabled: false } } } }
  const edited = await admin().patch(projects, by, { type: 'merge', body })
  expect(edited.metadata.annotations).toEqual({ [changedBy]: 'bob@acme.com' })
  expect(await outcome(adminClient().delete(projects, by))).toBe('allowed')
})
