import type { z } from 'zod'
import { agentSpec, agentStatus } from './agent.ts'
import { agentRunSpec, agentRunStatus } from './agentrun.ts'
import { agentTurnSpec, agentTurnStatus } from './agentturn.ts'
import { apiKeySpec, apiKeyStatus } from './apikey.ts'
import { approvalRequestSpec, approvalRequestStatus } from './approvalrequest.ts'
import { auditRecordSpec } from './auditrecord.ts'
import type { Rule } from './cel.ts'
import type { ResourceOf } from './meta.ts'
import { projectSpec, projectStatus } from './project.ts'
import {
  agentRuns,
  agents,
  agentTurns,
  apiKeys,
  approvalRequests,
  auditRecords,
  projects,
} from './resources.ts'

/** A column of `kubectl get`. */
export interface Column {
  readonly name: string
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date'
  readonly jsonPath: string
  readonly description: string
  /** Shown by `-o wide` alone. */
  readonly wide?: boolean
}

/** Everything that makes a kind, but for its CustomResourceDefinition's boilerplate. */
export interface Kind {
  readonly resource: ResourceOf<unknown>
  readonly singular: string
  readonly shortNames: readonly string[]
  /** What `kubectl explain <kind>` says first. */
  readonly description: string
  readonly spec: { readonly schema: z.ZodType; readonly description: string }
  /** Absent: the subresource is served all the same, and empty. */
  readonly status?: {
    readonly schema: z.ZodType
    readonly description: string
    /** What a new object reads before anything was written. Also keeps the status from being removed. */
    readonly initially?: unknown
  }
  readonly columns: readonly Column[]
  /** What `--field-selector` takes besides metadata. */
  readonly selectableFields?: readonly string[]
  /** Rules on the whole object. */
  readonly rules?: readonly Rule[]
}

const age: Column = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: 'Time since it was created.',
}

const text = (name: string, jsonPath: string, description: string): Column => ({
  name,
  type: 'string',
  jsonPath,
  description,
})

const integer = (name: string, jsonPath: string, description: string): Column => ({
  ...text(name, jsonPath, description),
  type: 'integer',
})

const wide = (column: Column): Column => ({ ...column, wide: true })

const ready = (field: 'status' | 'reason' | 'message') => `.status.conditions[?(@.type=="Ready")].${field}`

/**
 * Seeded by the schema, not by the operator: while no operator has looked at the object it reads
 * `Ready=Unknown`, so that one that is down is seen.
 */
const waitingForOperator = {
  conditions: [
    {
      type: 'Ready',
      status: 'Unknown',
      reason: 'Pending',
      message: 'Waiting for the operator',
      lastTransitionTime: '1970-01-01T00:00:00Z',
    },
  ],
}

export const agentKind: Kind = {
  resource: agents,
  singular: 'agent',
  shortNames: ['agt'],
  description:
    'An Agent is a model, a system prompt, toolsets, and an approval block that says which tool calls a person must countersign. It does nothing by itself: an AgentRun runs it. An agent that is not Ready runs nothing; the condition Ready says why.',
  spec: { schema: agentSpec, description: 'What the agent is made of.' },
  status: {
    schema: agentStatus,
    description: 'What the operator found out about the agent. Written by the operator only.',
    initially: waitingForOperator,
  },
  columns: [
    text('Model', '.spec.model.name', 'The model that it runs on.'),
    text('Ready', ready('status'), 'Whether its runs may go on.'),
    text('Reason', ready('reason'), 'Why.'),
    age,
    wide(text('Provider', '.spec.model.provider', 'Whose API the model is called by.')),
    wide(text('Message', ready('message'), 'Why, for people.')),
  ],
}

export const agentRunKind: Kind = {
  resource: agentRuns,
  singular: 'agentrun',
  shortNames: ['arun'],
  description:
    'An AgentRun is one conversation of an Agent: it asks the model, makes the tool calls that the model asks for, and waits where a gate stops one until a person has decided. Everything that it did stands in status.steps. It can be cancelled, but not changed.',
  spec: {
    schema: agentRunSpec,
    description:
      'What is asked of which agent. Fixed once created, but for cancel and ttlSecondsAfterFinished.',
  },
  status: {
    schema: agentRunStatus,
    description: 'How far the run is. Written by the operator only.',
    initially: { phase: 'Pending' },
  },
  columns: [
    text('Agent', '.spec.agentRef.name', 'The agent that runs.'),
    text('Phase', '.status.phase', 'How far it is.'),
    integer('Turns', '.status.turns', 'Answers of the model so far.'),
    text('Reason', '.status.failure.reason', 'Why it failed.'),
    age,
    wide(text('Requested-By', '.spec.requestedBy', 'Who started it.')),
    wide(text('Message', '.status.failure.message', 'Why it failed, for people.')),
  ],
  selectableFields: ['.status.phase', '.spec.agentRef.name', '.spec.requestedBy'],
  rules: [
    // The names of its requests (<run>-<turn>-<index>) and turns (<run>-t<n>) begin with it, and it is a label value.
    {
      rule: 'size(self.metadata.name) <= 63',
      message:
        'the name of a run has at most 63 characters: the names of its requests and turns begin with it',
      fieldPath: '.metadata.name',
    },
    // It would wait for its own end.
    {
      rule: '!has(self.spec.continueFrom) || self.spec.continueFrom.name != self.metadata.name',
      message: 'a run cannot continue from itself: name an earlier run',
      fieldPath: '.spec.continueFrom',
    },
  ],
}

export const agentTurnKind: Kind = {
  resource: agentTurns,
  singular: 'agentturn',
  shortNames: ['aturn'],
  description:
    "An AgentTurn is one answer of the model in a run, with the tool calls that it asked for and what became of them: the run's transcript, a turn an object. It holds real parameters and full results, so it is private to the operator. People read status.steps of the AgentRun instead.",
  spec: { schema: agentTurnSpec, description: 'What the model said. Fixed once created.' },
  status: {
    schema: agentTurnStatus,
    description: 'What became of the calls. Fixed once complete.',
    initially: { results: [], complete: false },
  },
  columns: [
    text('Run', '.spec.runRef.name', 'The run whose turn it is.'),
    integer('Turn', '.spec.turn', 'Which turn, counted from 1.'),
    {
      name: 'Complete',
      type: 'boolean',
      jsonPath: '.status.complete',
      description: 'Whether every call ended.',
    },
    age,
  ],
  selectableFields: ['.spec.runRef.name'],
}

export const approvalRequestKind: Kind = {
  resource: approvalRequests,
  singular: 'approvalrequest',
  shortNames: ['apr'],
  description:
    'An ApprovalRequest is one tool call of a run that a gate stopped. It waits until enough reviewers have approved it, one has rejected it, or its time is over. Decide with kubectl approve NAME or kubectl reject NAME --reason WHY; both add one entry to status.decisions. It is created by the operator, and its spec never changes: what is approved is exactly this call.',
  spec: {
    schema: approvalRequestSpec,
    description: 'The call, why it was stopped, and what it takes to let it go on. Fixed once created.',
  },
  status: {
    schema: approvalRequestStatus,
    description: 'Who decided what, and what became of the request.',
    initially: { phase: 'Pending', decisions: [] },
  },
  columns: [
    text('Agent', '.spec.agentRef.name', 'The agent whose call it is.'),
    text('Tool', '.spec.tool', 'The tool that waits to be called.'),
    text('Phase', '.status.phase', 'Whether it is decided, and how.'),
    age,
    // A string, as a date column would read "<invalid>" for what lies ahead.
    text('Expires', '.status.expiresAt', 'When it expires undecided.'),
    text('Run', '.spec.runRef.name', 'The run that waits.'),
    wide(
      text(
        'Notified',
        '.status.conditions[?(@.type=="Notified")].reason',
        'Whether those whom it concerns were told of it.',
      ),
    ),
    wide(integer('Required', '.spec.requiredApprovals', 'How many different reviewers must approve.')),
    // A column takes the first of a list alone, so that who decided stands in the operator's own sentence.
    wide(
      text(
        'Decided',
        '.status.conditions[?(@.type=="Decided")].message',
        'How many have approved, of how many, and who; once settled, how and by whom.',
      ),
    ),
    wide(text('Requested-By', '.spec.requestedBy', 'Who started the run.')),
  ],
  selectableFields: ['.status.phase', '.spec.agentRef.name', '.spec.runRef.name', '.spec.tool'],
}

export const projectKind: Kind = {
  resource: projects,
  singular: 'project',
  shortNames: ['cproj'],
  description:
    'A Project makes its namespace a project: it names the members and their roles, gates that hold for every agent in the namespace, and who is told of requests. There is one in a namespace, and its name is project.',
  spec: { schema: projectSpec, description: 'Members, gates and notifications.' },
  status: {
    schema: projectStatus,
    description: 'Whether the roles of the members are in force. Written by the operator only.',
    initially: waitingForOperator,
  },
  columns: [
    text('Ready', ready('status'), 'Whether the roles of its members are in force.'),
    text('Reason', ready('reason'), 'Why.'),
    age,
    wide(text('Owner-User', '.spec.members[?(@.role=="Owner")].user', 'Its first Owner that is a user.')),
    wide(text('Owner-Group', '.spec.members[?(@.role=="Owner")].group', 'Its first Owner that is a group.')),
  ],
  rules: [
    {
      rule: "self.metadata.name == 'project'",
      message: 'the Project of a namespace is named project, and there is only one',
      reason: 'FieldValueForbidden',
      fieldPath: '.metadata.name',
    },
  ],
}

export const apiKeyKind: Kind = {
  resource: apiKeys,
  singular: 'apikey',
  shortNames: ['csk'],
  description:
    "An APIKey lets a program act as a member of a project over the REST API. It holds the hash of the key, never the key. Keys live in the operator's namespace and are written by the gateway only; deleting one revokes it.",
  spec: { schema: apiKeySpec, description: 'Whose key it is, and what for. Fixed once created.' },
  status: { schema: apiKeyStatus, description: 'When it was used. Written by the gateway only.' },
  columns: [
    text('Project', '.spec.project', 'The project that it is for.'),
    text('User', '.spec.user', 'The member who acts when it is used.'),
    text('Key', '.spec.name', 'Its name, for people.'),
    {
      name: 'Read-Only',
      type: 'boolean',
      jsonPath: '.spec.readOnly',
      description: 'Whether it may only read.',
    },
    text('Expires', '.spec.expiresAt', 'When it stops working.'),
    {
      name: 'Last-Used',
      type: 'date',
      jsonPath: '.status.lastUsedAt',
      description: 'Time since it was used.',
    },
    age,
  ],
  selectableFields: ['.spec.project', '.spec.user'],
}

const entry = (field: string) => `.spec.entries[0].${field}`

export const auditRecordKind: Kind = {
  resource: auditRecords,
  singular: 'auditrecord',
  shortNames: ['audit'],
  description:
    'An AuditRecord says what happened in a project: who asked, who decided, what was executed. Records are added, never changed, and each holds the hash of the one before it, so that a gap or a change shows. A decision and the intent to execute are recorded before they take effect. kubectl get shows the first entry of each record.',
  spec: {
    schema: auditRecordSpec,
    description: 'Entries, and the hashes that chain them. Fixed once created.',
  },
  columns: [
    text('Action', entry('action'), 'What happened.'),
    text('Actor', entry('actor'), 'Who did it.'),
    text('Agent', entry('agent'), 'The agent.'),
    text('Tool', entry('tool'), 'The tool.'),
    text('Run', entry('run'), 'The run.'),
    age,
    wide(text('Request', entry('approvalRequest'), 'The request.')),
    wide(text('Via', entry('via'), 'Over which path a decision came.')),
    wide(text('Outcome', entry('outcome'), 'How it ended.')),
    wide(text('Reason', entry('reason'), 'Why, in the words of who decided.')),
    wide(integer('Last-Seq', '.spec.entries[-1:].seq', 'Number of its last entry.')),
  ],
  rules: [
    // Two writers that both believe to be the only one meet at the name: one of them is refused.
    {
      rule: "self.metadata.name.matches('^audit-[0-9]{12}$') && int(self.metadata.name.substring(6)) == self.spec.entries[0].seq",
      message: 'an audit record is named audit-<seq of its first entry, in 12 digits>',
      fieldPath: '.metadata.name',
    },
  ],
}

/** Every kind of the group. */
export const kinds: readonly Kind[] = [
  agentKind,
  agentRunKind,
  approvalRequestKind,
  auditRecordKind,
  projectKind,
  apiKeyKind,
  agentTurnKind,
]
