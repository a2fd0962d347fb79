// Ways to be somebody else, to read what nobody may read, and to slip something into a run.
import { beforeAll, describe, expect, it } from 'vitest'
import { outcome, people, projectNamespace, type Who } from '../../../hack/admission.ts'
import { onTheWire, tokenOfPerson } from '../../../hack/rights/wire.ts'
import { adminClient, kubectl } from '../../../hack/testing.ts'
import { asOperator } from '../../../hack/truthtable.ts'
import { agentRuns, agentTurns } from '../../v1alpha1/resources.ts'
import { sampleAgentTurn } from '../../v1alpha1/samples.ts'

let namespace: string
beforeAll(async () => {
  namespace = await projectNamespace('attack-people')
  await asOperator().create(agentTurns, sampleAgentTurn(namespace))
})

describe('kubectl --as', () => {
  const flags: readonly (readonly string[])[] = [
    ['--as=alice@acme.com'],
    ['--as=kubernetes-admin', '--as-group=system:masters'],
    ['--as=system:serviceaccount:countersign-system:countersign-operator'],
    ['--as=system:serviceaccount:countersign-system:countersign-gateway'],
    ['--as=carol@acme.com', '--as-group=reviewers'],
    ['--as=carol@acme.com', '--as-uid=1'],
  ]
  it.each(
    ['alice@acme.com', 'bob@acme.com', 'carol@acme.com', 'mallory@acme.com'].flatMap(who =>
      flags.map(some => [who, some.join(' '), some] as const),
    ),
  )('%s is nobody else by %s', async (who, _, some) => {
    await expect(kubectl(['get', 'approvalrequests', '-n', namespace, ...some], who)).rejects.toThrow(
      /cannot impersonate/,
    )
  })
})

describe('transcripts', () => {
  const readers: readonly Who[] = [
    'owner',
    'admin',
    'member',
    'another member',
    'stranger',
    'a ServiceAccount with the member role',
    'the gateway',
  ]
  const one = () => `/apis/countersign.dev/v1alpha1/namespaces/${namespace}/agentturns/order-run-t1`
  const list = () => `/apis/countersign.dev/v1alpha1/namespaces/${namespace}/agentturns`
  const all = () => '/apis/countersign.dev/v1alpha1/agentturns'
  const of = (kind: string) => `application/json;as=${kind};v=v1;g=meta.k8s.io`
  const ways: readonly [string, () => string, string?][] = [
    ['by get', one],
    ['as metadata alone', one, of('PartialObjectMetadata')],
    ['as a row of a table', one, of('Table')],
    ['as YAML', one, 'application/yaml'],
    ['as CBOR', one, 'application/cbor, application/json'],
    ['by a name that there is not', () => `${list()}/nothing`],
    ['by its status', () => `${one()}/status`],
    ['by list', list],
    ['by a list of metadata', list, of('PartialObjectMetadataList')],
    ['by a table', list, of('Table')],
    ['by a list of one name', () => `${list()}?fieldSelector=metadata.name%3Dorder-run-t1`],
    ['by a page', () => `${list()}?limit=1`],
    ['by watch', () => `${list()}?watch=true&timeoutSeconds=1`],
    [
      'by a watch from the beginning',
      () => `${list()}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&timeoutSeconds=1`,
    ],
    ['by a watch of metadata', () => `${list()}?watch=true&timeoutSeconds=1`, of('PartialObjectMetadata')],
    ['in all namespaces', all],
    ['by a watch of all namespaces', () => `${all()}?watch=true&timeoutSeconds=1`],
  ]
  it.each(readers)('are read by %s in no way', async who => {
    const client = people(namespace)[who]
    for (const [way, path, accept] of ways) {
      const attempt = client.raw({ method: 'GET', path: path(), ...(accept !== undefined && { accept }) })
      const code = await attempt.then(
        () => 200,
        (error: { code: number }) => error.code,
      )
      expect([way, code]).toEqual([way, 403])
    }
  })
})

describe('a Member who starts a run', () => {
  const refused = /^countersign-runs refuses: you may not set spec.context/
  const starts = (name: string, spec: string, more = '') =>
    outcome(
      onTheWire({
        method: 'POST',
        path: `/apis/countersign.dev/v1alpha1/namespaces/${namespace}/agentruns`,
        token: tokenOfPerson('carol@acme.com'),
        body: `{"apiVersion":"countersign.dev/v1alpha1","kind":"AgentRun","metadata":{"name":"${name}"},"spec":{"agentRef":{"name":"a"},"input":"x"${spec}}${more}}`,
      }),
    )
  const stored = (name: string) => adminClient().find(agentRuns, { namespace, name })

  it.each([
    ['empty', ',"context":{}'],
    ['twice, empty last', ',"context":{"is_admin":true},"context":{}'],
    ['twice, full last', ',"context":{},"context":{"is_admin":true}'],
    ['beside a run to go on with', ',"continueFrom":{"name":"admins-run"},"context":{"is_admin":true}'],
  ])('sets no context: %s', async (_, spec) => {
    expect(await starts('try', spec)).toMatch(refused)
    expect(await stored('try')).toBeUndefined()
  })

  it.each([
    ['null', 'nothing', ',"context":null'],
    ['null after a value', 'nothing-more', ',"context":{"is_admin":true},"context":null'],
    ['in another letter case', 'cased', ',"Context":{"is_admin":true}'],
    ['beside the spec', 'beside', ''],
    ['of the run that it goes on with', 'onward', ',"continueFrom":{"name":"admins-run"}'],
  ])('has none by %s', async (_, name, spec) => {
    const answer = await starts(name, spec, name === 'beside' ? ',"context":{"is_admin":true}' : '')
    expect(answer).toMatch(/^allowed$|^the schema refuses|^countersign-runs refuses/)
    expect((await stored(name))?.spec.context).toBeUndefined()
  })

  it('does not start it already run, or in the name of somebody who comes last', async () => {
    expect(await starts('done', '', ',"status":{"phase":"Succeeded","turns":3}')).toBe('allowed')
    expect((await stored('done'))?.status?.phase).not.toBe('Succeeded')
    const doubled = ',"requestedBy":"carol@acme.com","requestedBy":"dana@acme.com"'
    expect(await starts('doubled', doubled)).toMatch(/^countersign-runs refuses: requestedBy must be/)
    expect(await starts('cased-name', ',"requestedBy":"Carol@acme.com"')).toMatch(/^countersign-runs refuses/)
  })
})
