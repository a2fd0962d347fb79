import type { ModelMessage, ToolSet } from 'ai'
import { deadline } from '../tools/deadline.ts'
import { type ModelAnswer, ModelError, type ModelRequest, type ProviderCall } from '../types.ts'
import { readAnswer } from './answer.ts'
import { brokeOff, filtered, notAsked, stopped, timedOut, toModelError } from './errors.ts'
import { toPlainJSON } from './plain.ts'
import { loadModel, modelURL, providerOptions } from './provider.ts'
import { toolNames } from './tool-names.ts'

/** Longest text that an AgentTurn holds. */
const MAX_TEXT = 262_144

/**
 * Asks the model once: no retries (they are the caller's), no tool is executed.
 * Every call of the answer has exactly one entry in `calls` and one place in `messages`.
 * @throws ModelError, and nothing else
 */
export async function askModel(request: ModelRequest): Promise<ModelAnswer> {
  const { model, signal, timeoutMs } = request
  const now = request.now ?? Date.now
  const url = modelURL(model)
  if (url === undefined) {
    throw new ModelError('Permanent', `spec.model.baseURL of the model ${model.name} is missing or no URL.`)
  }
  const time = deadline(timeoutMs, signal)
  const asked = { is: false }
  try {
    if (time.signal.aborted) throw stopped(model)
    return await time.race(generate(request, url, time.signal, asked))
  } catch (error) {
    if (time.givenUp() === 'TimedOut') throw timedOut(model, timeoutMs)
    if (time.givenUp() === 'Stopped') throw stopped(model)
    throw asked.is ? toModelError(error, model, now) : notAsked(error, model)
  } finally {
    time.end()
  }
}

async function generate(
  request: ModelRequest,
  url: URL,
  abortSignal: AbortSignal,
  asked: { is: boolean },
): Promise<ModelAnswer> {
  const { generateText, jsonSchema, tool, wrapLanguageModel } = await import('ai')
  // Its warnings go to the console and may quote a conversation.
  globalThis.AI_SDK_LOG_WARNINGS = false
  const names = toolNames(request.tools.map(({ name }) => name))
  const tools: ToolSet = {}
  for (const { name, description, inputSchema } of request.tools) {
    tools[names.toWire(name)] = tool({
      ...(description === undefined ? {} : { description }),
      inputSchema: jsonSchema(inputSchema),
    })
  }
  const number = request.messages.filter(({ role }) => role === 'assistant').length + 1
  let calls: readonly ProviderCall[] = []
  const model = wrapLanguageModel({
    model: await loadModel(request, url),
    middleware: {
      specificationVersion: 'v4',
      async wrapGenerate({ doGenerate }) {
        asked.is = true
        const said = await doGenerate()
        const read = readAnswer(said.content, names, {
          number,
          cutOff: said.finishReason.unified === 'length',
        })
        calls = read.calls
        return { ...said, content: read.content }
      },
    },
  })
  const answer = await generateText({
    model,
    ...(request.system === undefined ? {} : { system: request.system }),
    messages: request.messages as unknown as ModelMessage[],
    ...(request.tools.length === 0 ? {} : { tools }),
    maxRetries: 0,
    abortSignal,
    providerOptions: providerOptions(request.model.provider),
    // An answer may name a URL that the package would fetch by itself, past our egress.
    experimental_download: async downloads => {
      if (downloads.length > 0) throw new Error('Nothing is downloaded for a model.')
      return []
    },
  })
  const { finishReason, usage } = answer
  if (finishReason === 'content-filter') throw filtered(request.model)
  if (finishReason === 'error' && answer.text === '' && calls.length === 0) throw brokeOff(request.model)
  return {
    text: answer.text.slice(0, MAX_TEXT).toWellFormed(),
    calls,
    // Without the tool results that the package adds for calls it finds invalid: each call gets its one result from us.
    messages: answer.response.messages
      .filter(({ role }) => role === 'assistant')
      .map(each => toPlainJSON(each)),
    finishReason,
    usage: {
      ...tokens('inputTokens', usage.inputTokens),
      ...tokens('outputTokens', usage.outputTokens),
    },
  }
}

/** A count as far as it is one: providers send what they like. */
function tokens(name: 'inputTokens' | 'outputTokens', count: number | undefined) {
  return count !== undefined && Number.isSafeInteger(count) && count >= 0 ? { [name]: count } : {}
}
