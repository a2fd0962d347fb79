import type { AgentTurn, TurnCall, TurnResult } from '../../crds/v1alpha1/agentturn.ts'
import type { JsonObject, JsonValue } from '../../crds/v1alpha1/common.ts'
import { isPlainObject } from './model/plain.ts'
import type { ConversationMessage } from './types.ts'

/** The part of an AgentTurn that a conversation is built from. */
export type ConversationTurn = Pick<AgentTurn, 'spec' | 'status'>

export interface Conversation {
  readonly input: string
  /** In order. */
  readonly turns: readonly ConversationTurn[]
}

/** Told of a call that has no result: its run ended first. */
const NOT_MADE = 'This call was not made: the run ended before it.'

/**
 * The messages that a model is asked with: the conversations of the runs that this one continues, oldest first, then
 * its own. The model's answers are sent back as they came, with the provider's opaque state; after each, every call of
 * it gets exactly one result, in the order of the calls.
 */
export function buildMessages(
  conversation: Conversation & { readonly earlier?: readonly Conversation[] },
): ConversationMessage[] {
  return [...(conversation.earlier ?? []), conversation].flatMap(({ input, turns }) => [
    { role: 'user', content: input.toWellFormed() },
    ...turns.flatMap(turnMessages),
  ])
}

function turnMessages({ spec, status }: ConversationTurn): ConversationMessage[] {
  const answer = spec.messages.filter(isMessage)
  const parts = answer.flatMap(toolCallParts)
  const results = new Map(status?.results.map(each => [each.id, each]))
  const calls = new Map(spec.calls.map(call => [call.providerCallID, call]))
  // A part without its call would be a call without its result, which every provider refuses.
  const content = parts.map(part => toolResult(part, calls.get(part.toolCallId), results))
  return content.length === 0 ? answer : [...answer, { role: 'tool', content }]
}

interface ToolCallPart {
  readonly toolCallId: string
  readonly toolName: string
}

function toolCallParts(message: ConversationMessage): ToolCallPart[] {
  if (message.role !== 'assistant' || !Array.isArray(message.content)) return []
  return message.content.filter(isPlainObject).flatMap(part => {
    const { type, toolCallId, toolName } = part
    const isCall = type === 'tool-call' && typeof toolCallId === 'string' && typeof toolName === 'string'
    return isCall ? [{ toolCallId, toolName }] : []
  })
}

function toolResult(
  { toolCallId, toolName }: ToolCallPart,
  call: TurnCall | undefined,
  results: ReadonlyMap<string, TurnResult>,
): JsonObject {
  const result = call === undefined ? undefined : results.get(call.id)
  const text = result?.text ?? call?.refusal ?? NOT_MADE
  const type = result?.kind === 'Result' ? 'text' : 'error-text'
  return { type: 'tool-result', toolCallId, toolName, output: { type, value: text } }
}

const isMessage = (value: JsonValue): value is ConversationMessage =>
  isPlainObject(value) && typeof value.role === 'string'
