// What policies refuse whatever roles grant, by hand, one rule an entry; crds/admission says it in CEL.
import { isCollector, isGateway, isMachine, isOperator, type Who } from './actors.ts'
import type { Deed, Tag } from './deed.ts'
import { granted } from './roles.ts'

export interface Rule {
  /** Name of the ValidatingAdmissionPolicy. */
  readonly policy: string
  /** A sentence for the documentation. */
  readonly says: string
  /** Whether it is about this deed. */
  readonly over: (deed: Deed) => boolean
  /** Who may all the same. */
  readonly spares: (who: Who, deed: Deed) => boolean
}

const nobody = () => false
const tagged = (tag: Tag, resource?: string) => (deed: Deed) =>
  deed.tags.includes(tag) && (resource === undefined || deed.resource === resource)
const writes =
  (resource: string, ...operations: Deed['operation'][]) =>
  (deed: Deed) =>
    deed.resource === resource && !deed.subresource && operations.includes(deed.operation)
const statusOf =
  (...resources: string[]) =>
  (deed: Deed) =>
    deed.operation === 'update' && deed.subresource === 'status' && resources.includes(deed.resource)
const may = (resource: string, verb: string) => (who: Who, deed: Deed) =>
  granted(who, deed.place, resource, verb)
/** The garbage collector takes out finalizers and owner references; it is spared nothing else. */
const holding = (who: Who, deed: Deed) =>
  isCollector(who) && deed.tags.includes('changes who owns or holds it')

export const rules: readonly Rule[] = [
  {
    policy: 'countersign-decisions',
    says: 'ServiceAccounts and parts of the system never decide, whatever role they hold.',
    over: tagged('decides'),
    spares: who => !isMachine(who),
  },
  {
    policy: 'countersign-decisions',
    says: 'A decision takes the verb `approve` on the request, beside `patch` on its status.',
    over: tagged('decides'),
    spares: may('approvalrequests', 'approve'),
  },
  {
    policy: 'countersign-decisions',
    says: "Nobody decides in another's name.",
    over: tagged('decides as another'),
    spares: nobody,
  },
  {
    policy: 'countersign-decisions',
    says: 'Nobody adds two decisions at once.',
    over: tagged('decides for two'),
    spares: nobody,
  },
  {
    policy: 'countersign-decisions',
    says: '`via: Web`, `API` or `Slack` takes the user extra of that value, which only the gateway can give.',
    over: tagged('says it came by the page'),
    spares: nobody,
  },
  {
    policy: 'countersign-decisions',
    says: 'Nobody changes or takes out a decision that is there.',
    over: tagged('changes earlier decisions'),
    spares: nobody,
  },
  {
    policy: 'countersign-decisions',
    says: 'Nothing is decided once it is settled.',
    over: tagged('decides what is settled'),
    spares: nobody,
  },
  {
    policy: 'countersign-decisions',
    says: 'Where `allowSelfApproval` is false, the starter does not decide, and nobody where the starter is not known.',
    over: tagged('decides though the starter is unknown'),
    spares: nobody,
  },
  {
    policy: 'countersign-decisions',
    says: 'Who started the run is compared by name.',
    over: tagged('decides what Carol started'),
    spares: who => who !== 'member',
  },
  {
    policy: 'countersign-settlement',
    says: 'Of the status of an ApprovalRequest only the operator writes more than decisions.',
    over: tagged('writes the outcome'),
    spares: isOperator,
  },
  {
    policy: 'countersign-settlement',
    says: 'An outcome takes its grounds: Approved enough approvals and no rejection, Rejected a rejection, Expired the time. This binds the operator too.',
    over: tagged('writes an outcome without grounds'),
    spares: nobody,
  },
  {
    policy: 'countersign-requests',
    says: 'Only the operator creates ApprovalRequests.',
    over: writes('approvalrequests', 'create'),
    spares: isOperator,
  },
  {
    policy: 'countersign-requests',
    says: 'Only the operator changes the metadata of an ApprovalRequest; the garbage collector takes out finalizers and owners.',
    over: tagged('changes metadata', 'approvalrequests'),
    spares: (who, deed) => isOperator(who) || holding(who, deed),
  },
  {
    policy: 'countersign-deletions',
    says: 'ApprovalRequests, AgentTurns and AuditRecords are deleted by the operator and by what cleans up after deleted runs and namespaces, and by nobody else.',
    over: deed =>
      ['approvalrequests', 'agentturns', 'auditrecords'].includes(deed.resource) &&
      deed.operation === 'delete',
    spares: who => isOperator(who) || isCollector(who),
  },
  {
    policy: 'countersign-operator-writes',
    says: 'Only the operator writes AgentTurns; the garbage collector changes their metadata.',
    over: writes('agentturns', 'create', 'update'),
    spares: (who, deed) => isOperator(who) || (isCollector(who) && deed.operation === 'update'),
  },
  {
    policy: 'countersign-operator-writes',
    says: 'Only the operator writes the status of Agents, AgentRuns, AgentTurns and Projects.',
    over: statusOf('agents', 'agentruns', 'agentturns', 'projects'),
    spares: isOperator,
  },
  {
    policy: 'countersign-audit',
    says: 'Only the operator creates AuditRecords.',
    over: writes('auditrecords', 'create'),
    spares: isOperator,
  },
  {
    policy: 'countersign-audit',
    says: 'Nobody changes an AuditRecord, the operator included; what cleans up sets and takes out finalizers.',
    over: tagged('changes metadata', 'auditrecords'),
    spares: (who, deed) => holding(who, deed) && !deed.tags.includes('has an owner'),
  },
  {
    policy: 'countersign-audit',
    says: 'An AuditRecord has no owner, as it would be deleted with it.',
    over: tagged('has an owner'),
    spares: nobody,
  },
  {
    policy: 'countersign-runs',
    says: 'Nobody starts a run in the name of somebody else.',
    over: tagged('names another starter'),
    spares: nobody,
  },
  {
    policy: 'countersign-runs',
    says: '`spec.context`, an empty one too, takes the verb `setcontext` on agentruns.',
    over: tagged('sets context'),
    spares: may('agentruns', 'setcontext'),
  },
  {
    policy: 'countersign-runs',
    says: 'Only the operator takes the finalizer `countersign.dev/open-requests` out of a run.',
    over: tagged('takes out the finalizer of ours'),
    spares: isOperator,
  },
  {
    policy: 'countersign-projects',
    says: 'A Project created with gates takes the verb `own` on projects.',
    over: tagged('sets gates'),
    spares: may('projects', 'own'),
  },
  {
    policy: 'countersign-projects',
    says: 'Members and gates of a Project are changed with the verb `own`; a list in another order is another list.',
    over: tagged('changes members or gates'),
    spares: may('projects', 'own'),
  },
  {
    policy: 'countersign-projects',
    says: 'Owner references and finalizers of a Project are changed with the verb `own`, and by what cleans up.',
    over: tagged('changes who owns or holds it', 'projects'),
    spares: (who, deed) => isCollector(who) || may('projects', 'own')(who, deed),
  },
  {
    policy: 'countersign-projects',
    says: 'A Project is deleted with the verb `own`, as its gates go with it, and by what cleans up.',
    over: writes('projects', 'delete'),
    spares: (who, deed) => isCollector(who) || may('projects', 'own')(who, deed),
  },
  {
    policy: 'countersign-projects',
    says: 'No Project stands in `countersign-system`: whom it named would have rights beside the API keys.',
    over: deed => deed.resource === 'projects' && deed.tags.includes('stands in the system namespace'),
    spares: nobody,
  },
  {
    policy: 'countersign-apikeys',
    says: 'Only the gateway writes APIKeys. The operator deletes them and lets go of deleted ones; what cleans up deletes them and changes their metadata.',
    over: deed => deed.resource === 'apikeys' && ['create', 'update', 'delete'].includes(deed.operation),
    spares: (who, deed) =>
      isGateway(who) ||
      (isOperator(who) && deed.operation === 'delete') ||
      (isCollector(who) && deed.operation !== 'create'),
  },
  {
    policy: 'countersign-apikeys',
    says: 'An APIKey has the finalizer `countersign.dev/audit` from the beginning, and only the operator takes it out, of a deleted key.',
    over: tagged('takes out the finalizer of the key'),
    spares: isCollector,
  },
  {
    policy: 'countersign-apikeys',
    says: 'APIKeys stand in `countersign-system` alone.',
    over: deed => deed.resource === 'apikeys' && deed.operation === 'create' && deed.place === 'project',
    spares: nobody,
  },
  {
    policy: 'countersign-operator-secrets',
    says: "The operator writes two Secrets, the keys of its redaction digests and of the gateway's sessions, in its own namespace: no token of a ServiceAccount can be put into another.",
    over: tagged("is another's Secret"),
    spares: who => !isOperator(who),
  },
  {
    policy: 'countersign-operator-bindings',
    says: 'The operator writes no binding but the three of each project: to the role of its name, for people and groups, owned by the Project.',
    over: tagged('binds'),
    spares: who => !isOperator(who),
  },
  {
    policy: 'countersign-gateway-people',
    says: 'Of whom the gateway may act as is said by name and one by one: nobody of the system, no ServiceAccount, no other verb.',
    over: tagged('lets the gateway act as anybody'),
    spares: nobody,
  },
]
