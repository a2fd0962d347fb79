import { z } from 'zod'
import { listMap, rules } from './cel.ts'
import { conditions, httpURL, jsonObject, principal, refTo, secretKeyRef, sha256 } from './common.ts'
import { gate } from './gate.ts'
import type { Meta } from './meta.ts'

export const model = z
  .object({
    provider: z
      .enum(['OpenAI', 'Anthropic', 'Google', 'OpenAICompatible'])
      .describe('Whose API the model is called by. OpenAICompatible needs baseURL.'),
    name: z.string().min(1).max(256).describe('Name of the model, as the provider knows it.'),
    baseURL: httpURL
      .optional()
      .describe(
        "Where the API is served, up to the version (http://llm.shop.svc:8000/v1). Default: the provider's own.",
      ),
    apiKeySecretRef: secretKeyRef
      .optional()
      .describe(
        'Where the API key stands. The Secret must carry the label countersign.dev/use: "true", and its annotation countersign.dev/hosts must name the host that the model is called at (several separated by commas, without ports). Without it no key is sent.',
      ),
  })
  .meta(
    rules({
      rule: "self.provider != 'OpenAICompatible' || has(self.baseURL)",
      message: 'provider OpenAICompatible needs baseURL, the URL that its API is served at',
      reason: 'FieldValueRequired',
      fieldPath: '.baseURL',
    }),
  )

const headersSecretRef = refTo('Secret')
  .optional()
  .describe(
    'A Secret each key of which is sent as an HTTP header with every request (Authorization, for example). It must carry the label countersign.dev/use: "true", and its annotation countersign.dev/hosts must name the host of the URL (several separated by commas, without ports).',
  )

export const httpTool = z.object({
  name: z
    .string()
    .min(1)
    .max(128)
    .regex(/^[a-zA-Z0-9_.-]+$/)
    .describe('Name of the tool in its toolset. Gates and traces name it <toolset>.<tool>.'),
  description: z
    .string()
    .max(4096)
    .optional()
    .describe('What the tool does, in words for the model: it chooses tools by this text.'),
  method: z
    .enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])
    .default('POST')
    .describe('HTTP method of the call.'),
  url: httpURL.describe(
    'Where the tool is called. Each {placeholder} of path and query is filled with the parameter of that name; the other parameters go into the query (GET, DELETE) or into a JSON body. Redirects are not followed.',
  ),
  inputSchema: jsonObject
    .optional()
    .describe(
      'JSON Schema (2020-12) of the parameters, of type object. A call whose parameters do not match it is not made; the model is told why. Without it the tool takes no parameters.',
    ),
})
export type HttpTool = z.infer<typeof httpTool>

export const toolset = z
  .object({
    name: z
      .string()
      .min(1)
      .max(63)
      .regex(/^[a-z0-9]([-_a-z0-9]*[a-z0-9])?$/)
      .describe("Name of the toolset: the part before the dot of its tools' full names."),
    timeoutSeconds: z.int().min(1).max(3600).default(60).describe('How long one call may take, in seconds.'),
    retryUnknown: z
      .boolean()
      .default(false)
      .describe(
        'Whether a call that no gate stopped may be made again when a crash left its outcome unknown. Set it only where making a call twice does no harm. A gated call is never made again.',
      ),
    mcp: z
      .object({
        url: httpURL.describe('Endpoint of the MCP server (Streamable HTTP). Redirects are not followed.'),
        headersSecretRef,
      })
      .optional()
      .describe('An MCP server, all of whose tools the agent may call. Either mcp or http.'),
    http: z
      .object({
        tools: z
          .array(httpTool)
          .min(1)
          .max(64)
          .describe('The tools, each with a name of its own.')
          .meta(listMap('name')),
        headersSecretRef,
      })
      .optional()
      .describe('Tools that are plain HTTP requests, described here one by one. Either mcp or http.'),
  })
  .meta(rules({ rule: 'has(self.mcp) != has(self.http)', message: 'set exactly one of mcp and http' }))
export type Toolset = z.infer<typeof toolset>

export const onRejection = z.enum(['Fail', 'Continue'])

/** `spec.approval` of an Agent. */
export const approval = z
  .object({
    tools: z
      .array(gate)
      .max(100)
      .default([])
      .describe(
        'The gates: which calls are stopped. A call is stopped when any gate that matches its tool fires, of the agent or of its project. A gate that names no tool of the agent, or whose condition does not parse, keeps the agent from being Ready.',
      ),
    timeoutSeconds: z
      .int()
      .min(30)
      .max(604_800)
      .default(3600)
      .describe(
        'Seconds that a request waits for a decision before it expires. Counted from its creation by the clock of the API server; a later decision is refused.',
      ),
    message: z
      .string()
      .max(1024)
      .optional()
      .describe('What reviewers are told with each request: what to look at, whom to ask.'),
    onRejection: onRejection
      .default('Fail')
      .describe(
        'What follows when a request is rejected or expires. Fail ends the run with the reason. Continue tells the model that the call was not made, and why, and lets it adapt. The call is not made either way.',
      ),
    requiredApprovals: z
      .int()
      .min(1)
      .max(10)
      .default(1)
      .describe('How many different reviewers must approve. One rejection is enough to reject.'),
    allowSelfApproval: z
      .boolean()
      .default(true)
      .describe(
        'Whether the person who started a run may decide its requests. Where they may not, nobody may decide requests of a run whose starter is unknown (spec.requestedBy of the run).',
      ),
    redact: z
      .array(
        z
          .string()
          .min(7)
          .max(256)
          .regex(/^param(\.[A-Za-z_$][A-Za-z0-9_$]*|\[([0-9]+|\*|"([^"\\]|\\.)+"|'([^'\\]|\\.)+')\])+$/),
      )
      .max(64)
      .optional()
      .describe(
        'Parameters whose values nobody is shown and that are sent nowhere but to the tool: param.card_number, param["card-number"], param.cards[*].number. Reviewers see a digest in their place.',
      ),
    remindAfterSeconds: z
      .int()
      .min(30)
      .max(604_800)
      .optional()
      .describe(
        'Seconds after which reviewers are reminded of an undecided request. Less than timeoutSeconds. Without it nobody is reminded.',
      ),
    escalateAfterSeconds: z
      .int()
      .min(30)
      .max(604_800)
      .optional()
      .describe('Seconds after which escalateTo is told of an undecided request. Less than timeoutSeconds.'),
    escalateTo: z
      .array(principal)
      .min(1)
      .max(50)
      .optional()
      .describe(
        'Members or groups of the project that are told after escalateAfterSeconds. They are told, not given rights.',
      ),
  })
  .meta(
    rules(
      {
        rule: 'has(self.escalateTo) == has(self.escalateAfterSeconds)',
        message: 'set escalateTo and escalateAfterSeconds together: whom to tell, and when',
      },
      {
        rule: '!has(self.escalateAfterSeconds) || self.escalateAfterSeconds < self.timeoutSeconds',
        message:
          'escalateAfterSeconds must be less than timeoutSeconds: afterwards nothing is left to decide',
        fieldPath: '.escalateAfterSeconds',
      },
      {
        rule: '!has(self.remindAfterSeconds) || self.remindAfterSeconds < self.timeoutSeconds',
        message: 'remindAfterSeconds must be less than timeoutSeconds: afterwards nothing is left to decide',
        fieldPath: '.remindAfterSeconds',
      },
    ),
  )
export type Approval = z.infer<typeof approval>

export const limits = z.object({
  maxTurns: z
    .int()
    .min(1)
    .max(1000)
    .default(20)
    .describe('How many answers of the model a run may take. A run that needs more fails (MaxTurns).'),
  maxRunSeconds: z
    .int()
    .min(1)
    .max(2_592_000)
    .default(86_400)
    .describe(
      'How long a run may take, in seconds. Time spent waiting for people does not count. A run that takes longer fails (MaxRunSeconds).',
    ),
})

export const agentSpec = z.object({
  description: z.string().max(1024).optional().describe('What the agent is for, in words for people.'),
  model: model.describe('The model that the agent runs on, and how it is reached.'),
  systemPrompt: z
    .string()
    .max(65_536)
    .optional()
    .describe('Instructions to the model that stand before every conversation.'),
  toolsets: z
    .array(toolset)
    .max(32)
    .default([])
    .describe(
      'Where the tools of the agent come from: MCP servers, or lists of HTTP tools. An agent without toolsets only talks.',
    )
    .meta(listMap('name')),
  approval: approval
    .optional()
    .describe(
      'Which tool calls a person must countersign, and how. A call that a gate stops becomes an ApprovalRequest, and the run waits (phase AwaitingApproval) until reviewers have decided or timeoutSeconds are over. Without it only the gates of the project stop calls, with the defaults of the fields below.',
    ),
  limits: limits.optional().describe('What one run of the agent may use up.'),
})
export type AgentSpec = z.infer<typeof agentSpec>

export const toolGate = z.enum(['None', 'Always', 'Conditional'])

export const agentStatus = z.object({
  observedGeneration: z
    .int()
    .min(0)
    .optional()
    .describe('The metadata.generation that this status describes.'),
  toolsHash: sha256
    .optional()
    .describe(
      'Digest of the tools as their toolsets serve them now. Where ToolsUnchanged is False, whoever may edit the agent accepts the changed tools by the annotation countersign.dev/accept-tools with this value.',
    ),
  tools: z
    .array(
      z.object({
        name: z.string().min(1).max(256).describe('Full name of the tool.'),
        gate: toolGate.describe('Whether calls are stopped: None, Always or Conditional.'),
        schemaHash: sha256.describe('Digest of the tool that was pinned at this generation.'),
      }),
    )
    .max(2048)
    .optional()
    .describe('The tools that the agent may call, as they were pinned at this generation.')
    .meta(listMap('name')),
  conditions: conditions
    .optional()
    .describe(
      'Ready: whether runs of the agent go on. Beneath it Accepted (the spec is consistent; False: InvalidCondition), ToolsResolved (every toolset answers and every gate names a tool; False: UnknownTool, ToolsetUnavailable) and ToolsUnchanged (the tools are those pinned at this generation).',
    ),
})
export type AgentStatus = z.infer<typeof agentStatus>

export interface Agent {
  apiVersion?: string
  kind?: string
  metadata: Meta
  spec: AgentSpec
  status?: AgentStatus
}
