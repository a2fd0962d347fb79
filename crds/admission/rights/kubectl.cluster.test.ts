// A sample of the table of rights with kubectl itself, as people would try it.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { makeWorld, type World } from '../../../hack/rights/world.ts'
import { kubectl } from '../../../hack/testing.ts'
import { changed } from '../../../hack/truthtable.ts'
import { sampleAgent, sampleAgentRun, sampleApprovalRequest } from '../../v1alpha1/samples.ts'
import { persons, type Who } from './actors.ts'
import type { Form } from './deed.ts'
import { sections } from './deeds.ts'
import { outcome } from './table.ts'

let world: World
let namespace: string
beforeAll(async () => {
  world = await makeWorld()
  namespace = world.namespaces.project
})
afterAll(() => world?.end())

interface Sample {
  readonly command: string
  /** Resource, deed and form of the table. */
  readonly cell: readonly [resource: string, what: string, form: Form]
  readonly stdin?: () => object
  /** With the person's own name for `$me`; default: split at spaces. */
  readonly args?: readonly string[]
}

const patch = (resource: string, name: string, type: string, body: object, ...more: string[]) => [
  'patch',
  resource,
  name,
  `--type=${type}`,
  ...more,
  '-p',
  JSON.stringify(body),
]
const decision = (reviewer: string) => [
  { op: 'add', path: '/status/decisions/-', value: { reviewer, verdict: 'Approve', via: 'Kubectl' } },
]
const request = 'order-run-1-0'

const samples: readonly Sample[] = [
  { command: 'get agentturns', cell: ['agentturns', 'read', 'list'] },
  { command: 'get approvalrequests', cell: ['approvalrequests', 'read', 'list'] },
  {
    command: 'annotate agents order-manager countersign.dev/accept-tools=x',
    cell: ['agents', 'accept changed tools', 'merge patch'],
  },
  {
    command: `label approvalrequests ${request} team=shop`,
    cell: ['approvalrequests', 'set a label', 'merge patch'],
  },
  {
    command: 'patch the status to decide',
    args: patch('approvalrequests', request, 'json', decision('$me'), '--subresource=status'),
    cell: ['approvalrequests', 'decide', 'JSON patch'],
  },
  {
    command: "patch the status to decide in another's name",
    args: patch('approvalrequests', request, 'json', decision('dana@acme.com'), '--subresource=status'),
    cell: ['approvalrequests', "decide in another's name", 'JSON patch'],
  },
  {
    command: 'patch the phase to Approved',
    args: patch(
      'approvalrequests',
      request,
      'merge',
      { status: { phase: 'Approved' } },
      '--subresource=status',
    ),
    cell: ['approvalrequests', 'write Approved, undecided', 'merge patch'],
  },
  {
    command: `delete approvalrequests ${request} --wait=false`,
    cell: ['approvalrequests', 'delete', 'DELETE'],
  },
  { command: 'delete approvalrequests --all --wait=false', cell: ['approvalrequests', 'delete', 'DELETE'] },
  {
    command: 'create a request',
    args: ['create', '-f', '-'],
    stdin: () => sampleApprovalRequest(namespace, 'forged'),
    cell: ['approvalrequests', 'create', 'POST'],
  },
  {
    command: 'create a run',
    args: ['create', '-f', '-'],
    stdin: () => sampleAgentRun(namespace, 'mine'),
    cell: ['agentruns', 'start', 'POST'],
  },
  {
    command: 'create a run with context',
    args: ['create', '-f', '-'],
    stdin: () => changed(sampleAgentRun(namespace, 'mine'), { '/spec/context': { is_admin: true } }),
    cell: ['agentruns', 'start with context', 'POST'],
  },
  {
    command: 'patch a run to cancel it',
    args: patch('agentruns', 'order-run', 'merge', { spec: { cancel: true } }),
    cell: ['agentruns', 'cancel', 'merge patch'],
  },
  {
    command: 'patch the finalizer out of a run',
    args: patch('agentruns', 'order-run', 'json', [{ op: 'remove', path: '/metadata/finalizers' }]),
    cell: ['agentruns', 'take out the finalizer', 'JSON patch'],
  },
  { command: 'delete agentruns order-run --wait=false', cell: ['agentruns', 'delete', 'DELETE'] },
  {
    command: 'apply an agent by the server',
    args: ['apply', '--server-side', '-f', '-'],
    stdin: () => sampleAgent(namespace, 'another'),
    cell: ['agents', 'create', 'apply without force'],
  },
  {
    command: 'patch the gates of the project',
    args: patch('projects', 'project', 'merge', { spec: { approval: { tools: [] } } }),
    cell: ['projects', 'empty the gates', 'merge patch'],
  },
  {
    command: 'patch the last Owner out',
    args: patch('projects', 'project', 'merge', {
      spec: { members: [{ user: 'alice@acme.com', role: 'Member' }] },
    }),
    cell: ['projects', 'remove the last Owner', 'merge patch'],
  },
  {
    command: 'patch the notifications',
    args: patch('projects', 'project', 'merge', { spec: { notifications: { email: { enabled: false } } } }),
    cell: ['projects', 'change notifications', 'merge patch'],
  },
  { command: 'delete projects project --wait=false', cell: ['projects', 'delete', 'DELETE'] },
]

const verdict = async (attempt: Promise<unknown>): Promise<string> => {
  try {
    await attempt
    return 'allowed'
  } catch (error) {
    const text = String(error)
    const policy = /ValidatingAdmissionPolicy '(.*?)' with binding/.exec(text)
    if (policy) return policy[1] as string
    if (/cannot [\w:-]+ resource/.test(text)) return 'role'
    if (/is invalid/.test(text)) return 'schema'
    throw error
  }
}

const known: readonly Who[] = ['owner', 'admin', 'member', 'stranger']
it.each(known.flatMap(who => samples.map(sample => ({ who, sample, command: sample.command }))))(
  '$who: kubectl, $command',
  async ({ who, sample }) => {
    const [resource, what, form] = sample.cell
    const deed = sections.flatMap(({ deeds }) => deeds).find(d => d.resource === resource && d.what === what)
    if (!deed) throw new Error(`the table has no row to ${what} ${resource}`)
    const expected = outcome(who, deed, form)
    const user = persons.find(person => person.who === who)?.user ?? ''
    const args = (sample.args ?? sample.command.split(' ')).map(arg => arg.replaceAll('$me', user))
    const dry = args[0] === 'get' ? [] : ['--dry-run=server']
    const stdin = sample.stdin && JSON.stringify(sample.stdin())
    const answer = await verdict(kubectl([...args, '-n', namespace, ...dry], user, stdin))
    if (expected.is === 'policy') expect(expected.policies).toContain(answer)
    else expect(answer).toBe(expected.is)
  },
)
