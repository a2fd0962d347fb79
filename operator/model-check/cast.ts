import type { Agent } from '../../crds/v1alpha1/agent.ts'
import type { AgentRun } from '../../crds/v1alpha1/agentrun.ts'
import { API_VERSION } from '../../crds/v1alpha1/meta.ts'
import type { ModelAnswer, ToolDefinition } from '../agent/types.ts'

/** Where and about what the model plays: one project, one agent, one run of one or two calls. */
export const PROJECT = 'shop'
export const RUN = 'r'
/** The clock of the API server at tick 0, and the length of a tick: the time that a request has. In milliseconds. */
export const START = Date.parse('2026-01-01T00:00:00Z')
export const TICK = 60_000

/** The people who may decide. Their names are the only difference between them. */
export const REVIEWERS = ['alice@acme.com', 'bob@acme.com'] as const

/** What differs between the worlds that are explored. */
export interface Plot {
  /** Calls that the model asks for in its first answer; none in its second. */
  readonly calls: number
  /** Whether a gate stops them. */
  readonly gated: boolean
  readonly requiredApprovals: number
  readonly onRejection: 'Fail' | 'Continue'
  /** `retryUnknown` of the toolset. */
  readonly retryUnknown: boolean
}

export const callIDs = (plot: Plot): string[] =>
  Array.from({ length: plot.calls }, (_, index) => `1.${index}`)

/** The one tool, as its server serves it all the time. */
export const DEFINITION: ToolDefinition = {
  name: 'shop.pay',
  toolset: 'shop',
  inputSchema: { type: 'object', properties: { amount: { type: 'number' } } },
  schemaHash: 'sha256:pay',
}

/** What becomes of it. */
export const CHANGED: ToolDefinition = {
  ...DEFINITION,
  inputSchema: { type: 'object', properties: { amount: { type: 'number' }, to: { type: 'string' } } },
  schemaHash: 'sha256:pay-to',
}

/** An agent that is ready, with one toolset. */
export const anAgent = (plot: Plot): Agent => ({
  apiVersion: API_VERSION,
  kind: 'Agent',
  metadata: { name: 'payer', namespace: PROJECT, uid: 'uid-payer', generation: 1, resourceVersion: '1' },
  spec: {
    model: { provider: 'OpenAICompatible', name: 'scripted', baseURL: 'http://model.shop.svc/v1' },
    toolsets: [
      {
        name: 'shop',
        mcp: { url: 'http://tools.shop.svc/mcp' },
        timeoutSeconds: 60,
        retryUnknown: plot.retryUnknown,
      },
    ],
    approval: {
      tools: plot.gated ? [{ name: 'shop.pay' }] : [],
      timeoutSeconds: TICK / 1000,
      onRejection: plot.onRejection,
      requiredApprovals: plot.requiredApprovals,
      allowSelfApproval: true,
    },
    limits: { maxTurns: 20, maxRunSeconds: 86_400 },
  },
  status: {
    observedGeneration: 1,
    tools: [{ name: 'shop.pay', gate: plot.gated ? 'Always' : 'None', schemaHash: DEFINITION.schemaHash }],
    conditions: ['Ready', 'Accepted', 'ToolsResolved', 'ToolsUnchanged'].map(type => ({
      type,
      status: 'True',
      reason: 'Fine',
      message: '',
      observedGeneration: 1,
      lastTransitionTime: new Date(START).toISOString(),
    })),
  },
})

/** The run as somebody has just created it. */
export const aRun = (): AgentRun => ({
  apiVersion: API_VERSION,
  kind: 'AgentRun',
  metadata: {
    name: RUN,
    namespace: PROJECT,
    uid: 'uid-r',
    generation: 1,
    resourceVersion: '1',
    creationTimestamp: new Date(START).toISOString().replace('.000', ''),
  },
  spec: { agentRef: { name: 'payer' }, input: 'Pay.', cancel: false },
  status: { phase: 'Pending' },
})

/** What the model says: first that it wants its calls, each with other parameters, then that it is done. */
export const answerOf = (plot: Plot, turn: number): ModelAnswer => ({
  text: turn === 1 ? '' : 'Done.',
  calls:
    turn === 1
      ? callIDs(plot).map((_, index) => ({
          providerCallID: `p${index}`,
          tool: 'shop.pay',
          input: { ok: true, params: { amount: index } },
        }))
      : [],
  messages: [],
  finishReason: turn === 1 ? 'tool-calls' : 'stop',
  usage: {},
})
