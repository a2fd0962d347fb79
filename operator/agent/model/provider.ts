import type { wrapLanguageModel } from 'ai'
import type { AgentSpec } from '../../../crds/v1alpha1/agent.ts'
import { limitBody } from '../../egress/body.ts'
import type { Egress, ModelRequest } from '../types.ts'

/** What one answer of a model may have, in bytes. */
export const MAX_ANSWER_BYTES = 4 * 1024 * 1024

const DEFAULT_URL = {
  OpenAI: 'https://api.openai.com/v1',
  Anthropic: 'https://api.anthropic.com/v1',
  Google: 'https://generativelanguage.googleapis.com/v1beta',
} as const

/** Where a model is served: what its Secret must name the host of. Undefined for OpenAICompatible without baseURL. */
export function modelURL(model: AgentSpec['model']): URL | undefined {
  const text =
    model.baseURL ?? (model.provider === 'OpenAICompatible' ? undefined : DEFAULT_URL[model.provider])
  return text !== undefined && URL.canParse(text) ? new URL(text) : undefined
}

/** Settings that a provider needs so that its state travels with our transcript. */
export function providerOptions(provider: AgentSpec['model']['provider']) {
  // Otherwise OpenAI keeps the conversation on its side and expects references to it, which expire.
  return provider === 'OpenAI' ? { openai: { store: false } } : {}
}

/** A model of the ai package. */
export type ProviderModel = Parameters<typeof wrapLanguageModel>[0]['model']

/** The model of a request. Each provider's package is loaded when it is first used. */
export async function loadModel(
  { model, apiKey, egress }: Pick<ModelRequest, 'model' | 'apiKey' | 'egress'>,
  url: URL,
): Promise<ProviderModel> {
  const settings = {
    // Always given: otherwise the packages read base URL and key from the environment.
    baseURL: url.href.replace(/\/$/, ''),
    apiKey: apiKey ?? 'none',
    fetch: modelFetch(egress, apiKey !== undefined),
  }
  switch (model.provider) {
    case 'OpenAI': {
      const { createOpenAI } = await import('@ai-sdk/openai')
      return createOpenAI(settings).responses(model.name)
    }
    case 'Anthropic': {
      const { createAnthropic } = await import('@ai-sdk/anthropic')
      return createAnthropic(settings)(model.name)
    }
    case 'Google': {
      const { createGoogle } = await import('@ai-sdk/google')
      return createGoogle(settings)(model.name)
    }
    case 'OpenAICompatible': {
      const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible')
      return createOpenAICompatible({ ...settings, name: 'openaiCompatible' })(model.name)
    }
  }
}

const KEY_HEADERS = ['authorization', 'x-api-key', 'x-goog-api-key']

function modelFetch(egress: Egress, hasKey: boolean): typeof globalThis.fetch {
  return async (input, init) => {
    const headers = new Headers(init?.headers)
    if (!hasKey) for (const name of KEY_HEADERS) headers.delete(name)
    return limitBody(await egress.fetch(input, { ...init, headers }), MAX_ANSWER_BYTES)
  }
}
