import { z } from 'zod'
import { listMap, rules } from './cel.ts'
import { conditions, httpURL, jsonObject, localRef, principal, secretKeyRef, sha256 } from './common.ts'
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
        'The API key. The Secret must carry the label countersign.dev/use: "true" and name the host that the model is called at in its annotation countersign.dev/hosts (several separated by commas, without ports). Without it no key is sent.',
      ),
  })
  .meta(
    rules({
      rule: "self.provider != 'OpenAICompatible' || has(self.baseURL)",
      message: 'provider OpenAICompatible needs baseURL: where is the API served?',
      reason: 'FieldValueRequired',
      fieldPath: '.baseURL',
    }),
  )

const headersSecretRef = localRef
  .optional()
  .describe(
    'A Secret each key of which is sent as an HTTP header. It must carry the label countersign.dev/use: "true" and name the host in its annotation countersign.dev/hosts.',
  )

export const httpTool = z.object({
  name: z
    .string()
    .min(1)
    .max(128)
    .regex(/^[a-zA-Z0-9_.-]+$/)
    .describe('Name of the tool in its toolset.'),
  description: z.string().max(4096).optional().describe('What the tool does, for the model.'),
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']).default('POST').describe('HTTP method.'),
  url: httpURL.describe(
    'Where the tool is called. Each {placeholder} is filled with the parameter of that name; the other parameters go into the query (GET, DELETE) or a JSON body.',
  ),
  inputSchema: jsonObject
    .optional()
    .describe('JSON Schema (2020-12) of the parameters, an object. Default: an object without properties.'),
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
        'Whether a call that no gate stopped may be made again when a crash left its outcome unknown. Gated calls never are.',
      ),
    mcp: z
      .object({
        url: httpURL.describe('Endpoint of the MCP server (Streamable HTTP). Redirects are not followed.'),
        headersSecretRef,
      })
      .optional()
      .describe('An MCP server whose tools the agent may call.'),
    http: z
      .object({
        tools: z.array(httpTool).min(1).max(64).describe('The tools.').meta(listMap('name')),
        headersSecretRef,
      })
      .optional()
      .describe('Tools that are single HTTP requests.'),
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
      .describe('The gates. A call is stopped when any gate that matches its tool fires.'),
    timeoutSeconds: z
      .int()
      .min(30)
      .max(604_800)
      .default(3600)
      .describe('Seconds from the request until it expires undecided, by the clock of the API server.'),
    message: z.string().max(1024).optional().describe('Shown to reviewers with each request.'),
    onRejection: onRejection
      .default('Fail')
      .describe(
        'What a rejection or an expiry does: Fail ends the run with the reason, Continue tells the model and lets it adapt.',
      ),
    requiredApprovals: z
      .int()
      .min(1)
      .max(10)
      .default(1)
      .describe('How many different reviewers must approve.'),
    allowSelfApproval: z
      .boolean()
      .default(true)
      .describe('Whether the person who started the run may decide its requests.'),
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
        'Parameters (param.card_number) whose values are shown to nobody and sent nowhere but to the tool.',
      ),
    remindAfterSeconds: z
      .int()
      .min(30)
      .max(604_800)
      .optional()
      .describe('Seconds after which reviewers are reminded of an undecided request.'),
    escalateAfterSeconds: z
      .int()
      .min(30)
      .max(604_800)
      .optional()
      .describe('Seconds after which an undecided request is sent to escalateTo too.'),
    escalateTo: z
      .array(principal)
      .min(1)
      .max(50)
      .optional()
      .describe('Members or groups that hear of it then.'),
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
  maxTurns: z.int().min(1).max(1000).default(20).describe('How many answers of the model a run may take.'),
  maxRunSeconds: z
    .int()
    .min(1)
    .max(2_592_000)
    .default(86_400)
    .describe('How long a run may take, in seconds. Time spent waiting for people does not count.'),
})

export const agentSpec = z.object({
  description: z.string().max(1024).optional().describe('What the agent is for.'),
  model: model.describe('The model that the agent runs on.'),
  systemPrompt: z
    .string()
    .max(65_536)
    .optional()
    .describe('Instructions that stand before every conversation.'),
  toolsets: z
    .array(toolset)
    .max(32)
    .default([])
    .describe('Where the tools of the agent come from.')
    .meta(listMap('name')),
  approval: approval
    .optional()
    .describe(
      'Which tool calls a person must countersign, and how. A call that a gate stops waits as an ApprovalRequest; the run is AwaitingApproval meanwhile.',
    ),
  limits: limits.optional().describe('Bounds on a run.'),
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
    .describe('Digest of the tools as they are served now. Accept changed tools by it.'),
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
    .describe('Ready, and beneath it Accepted, ToolsResolved and ToolsUnchanged.'),
})
export type AgentStatus = z.infer<typeof agentStatus>

export interface Agent {
  apiVersion?: string
  kind?: string
  metadata: Meta
  spec: AgentSpec
  status?: AgentStatus
}
