import { json, TestServer } from '../agent/testing/http-server.ts'

/** What the scripted model says: words, calls, or an HTTP status to fail with. */
export type Said =
  | { readonly text?: string; readonly calls?: readonly { tool: string; params: unknown }[] }
  | { readonly status: number; readonly headers?: Record<string, string> }

interface ChatMessage {
  readonly role: string
  readonly content?: string | null
}

export interface ScriptedModel extends AsyncDisposable {
  readonly url: string
  /** Conversations that it was asked with, in order. */
  readonly asked: readonly (readonly ChatMessage[])[]
  readonly server: TestServer
}

/**
 * An OpenAI-compatible server. `answer` gets the conversation, how many answers were given since the user spoke, and
 * the texts of the tool results since the last answer.
 */
export const scriptedModel = async (
  answer: (spoken: number, results: readonly string[], input: string) => Said | Promise<Said>,
): Promise<ScriptedModel> => {
  const asked: ChatMessage[][] = []
  const server = await TestServer.start(async (_request, response, seen) => {
    const body = JSON.parse(seen.body) as {
      messages: ChatMessage[]
      tools?: { function: { name: string } }[]
    }
    asked.push(body.messages)
    const lastUser = body.messages.findLastIndex(({ role }) => role === 'user')
    const since = body.messages.slice(lastUser + 1)
    const spoken = since.filter(({ role }) => role === 'assistant').length
    const lastSpoken = since.findLastIndex(({ role }) => role === 'assistant')
    const results = since.slice(lastSpoken + 1).map(({ content }) => content ?? '')
    const said = await answer(spoken, results, body.messages[lastUser]?.content ?? '')
    if ('status' in said) {
      response.writeHead(said.status, said.headers).end()
      return
    }
    const names = (body.tools ?? []).map(tool => tool.function.name)
    const offered = (tool: string) =>
      names.find(name => name.replace(/[^a-z0-9]+/gi, '_').startsWith(tool.replace('.', '_'))) ?? tool
    json(response, {
      id: 'x',
      object: 'chat.completion',
      created: 1,
      model: 'scripted',
      choices: [
        {
          index: 0,
          finish_reason: said.calls ? 'tool_calls' : 'stop',
          message: {
            role: 'assistant',
            content: said.text ?? null,
            ...(said.calls
              ? {
                  tool_calls: said.calls.map(({ tool, params }, index) => ({
                    id: `call_${asked.length}_${index}`,
                    type: 'function',
                    function: {
                      name: offered(tool),
                      arguments: typeof params === 'string' ? params : JSON.stringify(params),
                    },
                  })),
                }
              : {}),
          },
        },
      ],
      usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
    })
  })
  return {
    url: `${server.url}/v1`,
    asked,
    server,
    [Symbol.asyncDispose]: () => server.stop(),
  }
}
