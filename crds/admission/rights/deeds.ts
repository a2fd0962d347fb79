// What can be tried on each kind, and in which forms. What comes of it is in table.ts.
import { createForms, type Deed, deleteForms, type Form, readForms, updateForms } from './deed.ts'
import type { Place } from './roles.ts'

type Given = Partial<Deed> & Pick<Deed, 'what'>
const base = { place: 'project', tags: [], set: {}, conflicts: false, schema: false } as const

const deeds = (
  resource: string,
  operation: Deed['operation'],
  forms: readonly Form[],
  given: readonly Given[],
) => given.map((one): Deed => ({ ...base, resource, operation, forms, ...one }))

const reads = (resource: string, place: Place = 'project') =>
  deeds(resource, 'read', readForms, [{ what: 'read', place }])
const creates = (resource: string, ...given: Given[]) => deeds(resource, 'create', createForms, given)
const updates = (resource: string, ...given: Given[]) => deeds(resource, 'update', updateForms, given)
const statuses = (resource: string, ...given: Given[]) =>
  updates(resource, ...given.map((one): Given => ({ ...one, subresource: 'status' })))
const deletes = (resource: string, place: Place = 'project') =>
  deeds(resource, 'delete', deleteForms, [{ what: 'delete', place }])
const verb = (resource: string, what: string, name: string) =>
  deeds(resource, 'other', ['question'], [{ what, verbs: [name] }])

const gone = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  name: 'gone',
  uid: '9f5d9bd1-8f7c-4a39-a2a5-6bb1a3b7c0de',
}
/** A new field of a list or map that nobody has written yet. */
const label = { set: { '/metadata/labels/team': 'shop' }, tags: ['changes metadata'] } as const
const owned = {
  set: { '/metadata/ownerReferences': [gone] },
  tags: ['changes metadata', 'changes who owns or holds it'],
} as const
const held = {
  set: { '/metadata/finalizers': ['acme.com/hold'] },
  tags: ['changes metadata', 'changes who owns or holds it'],
} as const
/** An apply takes out only what the same manager applied before. */
const removing = ['merge patch', 'JSON patch', 'PUT'] as const
const mine = { reviewer: '$me', verdict: 'Approve', via: '$via' }
const gates = [{ name: 'order_tools.*' }]
const system = { place: 'system', tags: ['stands in the system namespace'] } as const

const agents = [
  ...reads('agents'),
  ...creates('agents', { what: 'create' }),
  ...updates(
    'agents',
    { what: 'change the gates of the agent', set: { '/spec/approval/tools': [] }, conflicts: true },
    { what: 'accept changed tools', set: { '/metadata/annotations/countersign.dev~1accept-tools': 'x' } },
    { what: 'set a finalizer', ...held },
  ),
  ...statuses('agents', { what: 'write the status', set: { '/status/observedGeneration': 7 } }),
  ...deletes('agents'),
]

const agentruns = [
  ...reads('agentruns'),
  ...creates(
    'agentruns',
    { what: 'start' },
    { what: 'start, saying so', set: { '/spec/requestedBy': '$me' } },
    {
      what: "start in somebody else's name",
      set: { '/spec/requestedBy': 'dana@acme.com' },
      tags: ['names another starter'],
    },
    { what: 'start with context', set: { '/spec/context': { is_admin: true } }, tags: ['sets context'] },
    { what: 'start with an empty context', set: { '/spec/context': {} }, tags: ['sets context'] },
    { what: 'start, going on with another run', set: { '/spec/continueFrom': { name: 'order-run' } } },
  ),
  ...updates(
    'agentruns',
    { what: 'cancel', set: { '/spec/cancel': true }, conflicts: true },
    { what: 'change the input', set: { '/spec/input': 'Another.' }, conflicts: true, schema: true },
    { what: 'add context', set: { '/spec/context': { is_admin: true } }, schema: true },
    { what: 'set who started it', set: { '/spec/requestedBy': '$me' }, schema: true },
    { what: 'set a label', ...label },
    {
      what: 'take out the finalizer',
      set: { '/metadata/finalizers': [] },
      forms: removing,
      tags: ['takes out the finalizer of ours'],
    },
  ),
  ...statuses('agentruns', { what: 'write the status', set: { '/status/turns': 7 } }),
  ...deletes('agentruns'),
  ...verb('agentruns', 'setcontext', 'setcontext'),
]

const approvalrequests = [
  ...reads('approvalrequests'),
  ...creates('approvalrequests', { what: 'create' }),
  ...updates(
    'approvalrequests',
    { what: 'lower the quorum', set: { '/spec/requiredApprovals': 1 }, conflicts: true, schema: true },
    { what: 'set a label', ...label },
    { what: 'set an owner, to have it collected', ...owned },
    { what: 'set a finalizer', ...held },
  ),
  ...statuses(
    'approvalrequests',
    { what: 'decide', set: { '/status/decisions': [mine] }, tags: ['decides'] },
    {
      what: "decide in another's name",
      set: { '/status/decisions': [{ ...mine, reviewer: 'dana@acme.com' }] },
      tags: ['decides', 'decides as another'],
    },
    {
      what: 'decide for another and themselves',
      set: { '/status/decisions': [{ ...mine, reviewer: 'dana@acme.com' }, mine] },
      tags: ['decides', 'decides for two'],
    },
    {
      what: 'decide as if by the page',
      set: { '/status/decisions': [{ ...mine, via: 'Web' }] },
      tags: ['decides', 'says it came by the page'],
    },
    { what: 'write the message', set: { '/status/message': 'Approved.' }, tags: ['writes the outcome'] },
    {
      what: 'write Approved, undecided',
      set: { '/status/phase': 'Approved' },
      tags: ['writes the outcome', 'writes an outcome without grounds'],
    },
    {
      what: 'write Rejected, undecided',
      set: { '/status/phase': 'Rejected' },
      tags: ['writes the outcome', 'writes an outcome without grounds'],
    },
    {
      what: 'write Expired before the time',
      set: { '/status/phase': 'Expired' },
      tags: ['writes the outcome', 'writes an outcome without grounds'],
    },
    { what: 'write Cancelled', set: { '/status/phase': 'Cancelled' }, tags: ['writes the outcome'] },
    {
      what: 'decide, and write Approved with it, short of the quorum',
      set: { '/status/decisions': [mine], '/status/phase': 'Approved' },
      tags: ['decides', 'writes the outcome', 'writes an outcome without grounds'],
    },
    {
      what: "take out somebody's decision",
      on: 'half decided request',
      set: { '/status/decisions': [] },
      forms: removing,
      tags: ['changes earlier decisions'],
    },
    {
      what: "put their own in place of somebody's",
      on: 'half decided request',
      set: { '/status/decisions': [mine] },
      forms: removing,
      tags: ['decides', 'changes earlier decisions'],
    },
    {
      what: 'decide what is settled',
      on: 'settled request',
      set: { '/status/decisions': [mine] },
      tags: ['decides', 'decides what is settled'],
    },
    {
      what: 'open again what is settled',
      on: 'settled request',
      set: { '/status/phase': 'Pending' },
      forms: ['merge patch', 'JSON patch', 'apply', 'PUT'],
      schema: true,
    },
    {
      what: 'decide where the starter may not, who is not known',
      on: 'request of nobody',
      set: { '/status/decisions': [mine] },
      tags: ['decides', 'decides though the starter is unknown'],
    },
    {
      what: 'decide where the starter may not, who is the Member here',
      on: "request of Carol's",
      set: { '/status/decisions': [mine] },
      tags: ['decides', 'decides what Carol started'],
    },
    {
      what: 'reject without a reason',
      set: { '/status/decisions': [{ ...mine, verdict: 'Reject' }] },
      schema: true,
    },
  ),
  ...deletes('approvalrequests'),
  ...verb('approvalrequests', 'approve', 'approve'),
]

const agentturns = [
  ...reads('agentturns'),
  ...creates('agentturns', { what: 'create' }),
  ...updates('agentturns', { what: 'set a label', ...label }, { what: 'set a finalizer', ...held }),
  ...statuses('agentturns', { what: 'write results', set: { '/status/complete': true } }),
  ...deletes('agentturns'),
]

const projects = [
  ...reads('projects'),
  ...creates(
    'projects',
    { what: 'create', forms: ['POST'] },
    {
      what: 'create with gates',
      forms: ['POST'],
      set: { '/spec/approval': { tools: gates } },
      tags: ['sets gates'],
    },
    { what: 'create in countersign-system', forms: ['POST'], ...system },
  ),
  ...updates(
    'projects',
    {
      what: 'add an Owner',
      set: {
        '/spec/members': [
          { user: 'alice@acme.com', role: 'Owner' },
          { user: 'eve@acme.com', role: 'Owner' },
        ],
      },
      tags: ['changes members or gates'],
      conflicts: true,
    },
    {
      what: 'remove the last Owner',
      set: { '/spec/members': [{ user: 'alice@acme.com', role: 'Member' }] },
      tags: ['changes members or gates'],
      conflicts: true,
      schema: true,
    },
    {
      what: 'empty the gates',
      set: { '/spec/approval/tools': [] },
      tags: ['changes members or gates'],
      conflicts: true,
    },
    { what: 'change notifications', set: { '/spec/notifications': { email: { enabled: false } } } },
    { what: 'set a label', ...label },
    { what: 'set an owner, to have it collected', ...owned },
    { what: 'set a finalizer', ...held },
  ),
  ...statuses('projects', { what: 'write the status', set: { '/status/observedGeneration': 7 } }),
  ...deletes('projects'),
  ...verb('projects', 'own', 'own'),
]

const auditrecords = [
  ...reads('auditrecords'),
  ...creates(
    'auditrecords',
    { what: 'create', forms: ['POST', 'apply'] },
    { what: 'create with an owner', forms: ['POST', 'apply'], set: owned.set, tags: ['has an owner'] },
  ),
  ...updates(
    'auditrecords',
    { what: 'change an entry', set: { '/spec/entries/0/action': 'RunEnded' }, conflicts: true, schema: true },
    { what: 'set a label', ...label },
    { what: 'set an owner, to have it collected', ...owned, tags: [...owned.tags, 'has an owner'] },
    { what: 'set a finalizer', ...held },
  ),
  ...deletes('auditrecords'),
]

const apikeys = [
  ...reads('apikeys', 'system'),
  ...creates('apikeys', { what: 'plant one in a project', forms: ['POST', 'apply'] }),
  ...creates('apikeys', { what: 'create', ...system, forms: ['POST', 'apply'] }),
  ...updates(
    'apikeys',
    {
      what: 'change the hash',
      ...system,
      set: { '/spec/hash': `sha256:${'1'.repeat(64)}` },
      conflicts: true,
      schema: true,
    },
    { what: 'set a label', ...label, place: 'system' },
    {
      what: 'take out the finalizer',
      place: 'system',
      set: { '/metadata/finalizers': [] },
      forms: removing,
      tags: ['takes out the finalizer of the key'],
    },
  ),
  ...statuses('apikeys', {
    what: 'write the status',
    ...system,
    set: { '/status/lastUsedAt': '2026-11-22T10:00:00Z' },
  }),
  ...deletes('apikeys', 'system'),
]

const other = (resource: string, what: string, verbs: readonly string[], more: Partial<Deed> = {}): Deed => ({
  ...base,
  resource,
  operation: 'other',
  forms: ['request'],
  what,
  verbs,
  ...more,
})

/** What stands beside our kinds and would be a way around them. */
const foreign = [
  other('secrets', 'list the Secrets of the project', ['list']),
  other('secrets', 'create a Secret in the project', ['create']),
  other('secrets', 'list the Secrets of countersign-system', ['list'], { place: 'system' }),
  other('secrets', 'create a Secret in countersign-system', ['create'], {
    place: 'system',
    tags: ["is another's Secret"],
  }),
  other('configmaps', 'list the ConfigMaps of countersign-system', ['list'], { place: 'system' }),
  other('configmaps', 'create a ConfigMap in countersign-system', ['create'], { place: 'system' }),
  other('configmaps', 'move on up to when people have seen the bell', ['patch'], { place: 'system' }),
  other('rolebindings', 'list RoleBindings', ['list']),
  other('rolebindings', 'make themselves an Owner', ['create'], {
    tags: ['binds'],
    also: ['roles of ours', 'bind'],
  }),
  other('clusterroles', 'let the gateway act as anybody', ['patch', 'escalate'], {
    grantedOn: 'people role',
    tags: ['lets the gateway act as anybody'],
  }),
  other('serviceaccounts/token', 'have a token of a ServiceAccount of the project', ['create']),
  other('serviceaccounts/token', "have the operator's token", ['create'], { place: 'system' }),
  other('pods', 'run a pod in the project', ['create']),
  other('pods', 'run a pod in countersign-system', ['create'], { place: 'system' }),
  other('leases', "take the operator's Lease", ['patch'], { place: 'system' }),
  other('clusterroles', 'widen the role of members', ['patch', 'escalate']),
  other('clusterrolebindings', 'make themselves cluster-admin', ['create', 'bind'], { tags: ['binds'] }),
  other('validatingadmissionpolicies', 'delete a policy', ['delete']),
  other('validatingadmissionpolicybindings', 'unbind a policy', ['delete']),
  other('customresourcedefinitions', 'delete a kind, and all its objects', ['delete']),
  other('namespaces', 'delete the namespace', ['delete']),
  other('subjectaccessreviews', 'ask what somebody else may do', ['create']),
]

/** Everything that is tried, kind by kind. */
export const sections: readonly { readonly title: string; readonly deeds: readonly Deed[] }[] = [
  { title: 'ApprovalRequest', deeds: approvalrequests },
  { title: 'AgentRun', deeds: agentruns },
  { title: 'Agent', deeds: agents },
  { title: 'Project', deeds: projects },
  { title: 'AgentTurn', deeds: agentturns },
  { title: 'AuditRecord', deeds: auditrecords },
  { title: 'APIKey', deeds: apikeys },
  { title: 'Around our kinds', deeds: foreign },
]
