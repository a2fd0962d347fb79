import type { AgentTurnSpec, TurnCall } from '../../../crds/v1alpha1/agentturn.ts'
import type { JsonObject, JsonValue } from '../../../crds/v1alpha1/common.ts'
import { validateParams } from '../../agent/tools/validate.ts'
import type { ModelAnswer, ToolDefinition } from '../../agent/types.ts'
import { cutText } from '../../policy/json.ts'
import { checkParams } from '../../policy/params.ts'

/** Stored bytes that an answer may take; the results of its calls come on top (turns.ts), and 1.5 MiB hold them all. */
export const MAX_TURN_BYTES = 704 * 1024

/**
 * Turns an answer of the model into the calls of its turn. Every call of the answer keeps its place: one that
 * cannot be made (unknown tool, parameters that do not fit) carries the error that the model is told.
 */
export const callsOf = (
  answer: ModelAnswer,
  turn: number,
  tools: ReadonlyMap<string, ToolDefinition>,
): TurnCall[] =>
  answer.calls.map((asked, index) => {
    const call = {
      id: `${turn}.${index}`,
      providerCallID: asked.providerCallID,
      tool: cutText(asked.tool, 256),
    }
    const params = acceptedParams(asked.input, asked.tool, tools)
    return params.ok ? { ...call, params: params.params } : { ...call, refusal: cutText(params.error, 4096) }
  })

type Accepted =
  | { readonly ok: true; readonly params: JsonObject }
  | { readonly ok: false; readonly error: string }

const acceptedParams = (
  input: ModelAnswer['calls'][number]['input'],
  tool: string,
  tools: ReadonlyMap<string, ToolDefinition>,
): Accepted => {
  const definition = tools.get(tool)
  if (!definition) {
    const known = [...tools.keys()].join(', ')
    return {
      ok: false,
      error: `There is no tool named ${JSON.stringify(cutText(tool, 256))}. The tools are: ${known || 'none'}.`,
    }
  }
  if (!input.ok) return input
  const checked = checkParams(input.params)
  if (!checked.ok) return { ok: false, error: checked.message }
  const valid = validateParams(definition.inputSchema, input.params)
  return valid.ok ? { ok: true, params: input.params } : { ok: false, error: valid.message }
}

/** The transcript of one turn, as it is stored before anything else happens. */
export const turnSpec = (options: {
  readonly answer: ModelAnswer
  readonly calls: TurnCall[]
  readonly run: { readonly name: string; readonly uid: string }
  readonly turn: number
  readonly agentGeneration: number
  readonly at: string
  readonly durationSeconds: number
}): AgentTurnSpec => ({
  runRef: { name: options.run.name, uid: options.run.uid },
  turn: options.turn,
  agentGeneration: options.agentGeneration,
  at: options.at,
  // A wall clock may be set back.
  durationSeconds: Math.max(0, options.durationSeconds),
  ...(options.answer.text === '' ? {} : { text: options.answer.text.toWellFormed() }),
  finishReason: options.answer.finishReason,
  usage: { ...options.answer.usage },
  calls: options.calls,
  messages: options.answer.messages as JsonValue[],
})
