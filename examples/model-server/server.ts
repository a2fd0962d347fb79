// An OpenAI-compatible model server (POST /v1/chat/completions) that plays a script instead of thinking, so that demo
// and tests need no model and no network.
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'
import { nextAnswer, type ScriptedCall } from './script.ts'

interface ChatMessage {
  readonly role: string
  readonly content?: string | readonly { readonly type: string; readonly text?: string }[] | null
}

interface ChatRequest {
  readonly model: string
  readonly messages: readonly ChatMessage[]
  readonly tools?: readonly { readonly function: { readonly name: string } }[]
}

const textOf = ({ content }: ChatMessage): string =>
  typeof content === 'string' ? content : (content ?? []).map(part => part.text ?? '').join('')

/** The name under which a tool was offered: a client may have to write `order_tools.get_order` without the dot. */
const offeredName = (tool: string, request: ChatRequest): string => {
  const plain = (name: string) =>
    name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '_')
      .replace(/_+/g, '_')
  const names = (request.tools ?? []).map(offered => offered.function.name)
  return names.find(name => name === tool) ?? names.find(name => plain(name).startsWith(plain(tool))) ?? tool
}

let answers = 0

const complete = (request: ChatRequest) => {
  const lastUser = request.messages.findLastIndex(({ role }) => role === 'user')
  const since = request.messages.slice(lastUser + 1)
  const spoken = since.filter(({ role }) => role === 'assistant').length
  const lastSpoken = since.findLastIndex(({ role }) => role === 'assistant')
  const results = since
    .slice(lastSpoken + 1)
    .filter(({ role }) => role === 'tool')
    .map(textOf)
  const user = request.messages[lastUser]
  const answer = nextAnswer(user ? textOf(user) : '', spoken, results)
  answers += 1
  const toolCall = ({ tool, params }: ScriptedCall, index: number) => ({
    id: `call_${answers}_${index}`,
    type: 'function',
    function: { name: offeredName(tool, request), arguments: JSON.stringify(params) },
  })
  return {
    id: `chatcmpl-${answers}`,
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1000),
    model: request.model,
    choices: [
      {
        index: 0,
        finish_reason: answer.calls ? 'tool_calls' : 'stop',
        message: {
          role: 'assistant',
          content: answer.text ?? null,
          ...(answer.calls ? { tool_calls: answer.calls.map(toolCall) } : {}),
        },
      },
    ],
    usage: { prompt_tokens: 100 + 20 * request.messages.length, completion_tokens: 20, total_tokens: 0 },
  }
}

const read = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

const { values } = parseArgs({
  options: { port: { type: 'string', default: '0' }, host: { type: 'string', default: '127.0.0.1' } },
})

const http = createServer(async (request, response) => {
  if (request.method !== 'POST' || !request.url?.endsWith('/chat/completions')) {
    response
      .writeHead(404, { 'content-type': 'application/json' })
      .end('{"error":{"message":"POST /v1/chat/completions"}}')
    return
  }
  try {
    const answer = complete(JSON.parse(await read(request)) as ChatRequest)
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  } catch {
    response
      .writeHead(400, { 'content-type': 'application/json' })
      .end('{"error":{"message":"not a chat request"}}')
  }
})
http.listen(Number(values.port), values.host, () => {
  const { address, port } = http.address() as AddressInfo
  console.log(`model server listening on http://${address}:${port}/v1`)
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(0))
