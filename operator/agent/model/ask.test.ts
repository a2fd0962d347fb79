import { afterEach, describe, expect, it } from 'vitest'
import { freePort, type Handler, json, TestServer } from '../testing/http-server.ts'
import { aRequest, aTool, chatAnswer, chatCalls } from '../testing/model-requests.ts'
import { ModelError, type ProviderCall } from '../types.ts'
import { askModel } from './ask.ts'

const open: TestServer[] = []
afterEach(async () => {
  for (const server of open.splice(0)) await server.stop()
})

async function serve(handler: Handler): Promise<TestServer> {
  const server = await TestServer.start(handler)
  open.push(server)
  return server
}

const answering = (body: unknown): Promise<TestServer> => serve((_, response) => json(response, body))

async function ask(answer: unknown, changes: Parameters<typeof aRequest>[1] = {}) {
  const server = await answering(answer)
  return askModel(aRequest(`${server.url}/v1`, changes))
}

async function failure(handler: Handler, changes: Parameters<typeof aRequest>[1] = {}): Promise<ModelError> {
  const server = await serve(handler)
  return failureAt(`${server.url}/v1`, changes)
}

async function failureAt(url: string, changes: Parameters<typeof aRequest>[1] = {}): Promise<ModelError> {
  const error: unknown = await askModel(aRequest(url, changes)).catch(each => each)
  expect(error).toBeInstanceOf(ModelError)
  return error as ModelError
}

const REFUND = 'order_tools__process_refund'

/** The ids of the tool calls in an answer's messages, in order. */
function idsIn(messages: unknown): string[] {
  return (messages as { content: { type: string; toolCallId: string }[] }[])
    .flatMap(({ content }) => content)
    .filter(({ type }) => type === 'tool-call')
    .map(({ toolCallId }) => toolCallId)
}

const errorsOf = (calls: readonly ProviderCall[]): (string | undefined)[] =>
  calls.map(({ input }) => (input.ok ? undefined : input.error))

describe('an answer', () => {
  it('with words', async () => {
    expect(await ask(chatAnswer({ content: 'Hello.' }))).toEqual({
      text: 'Hello.',
      calls: [],
      messages: [{ role: 'assistant', content: [{ type: 'text', text: 'Hello.' }] }],
      finishReason: 'stop',
      usage: { inputTokens: 11, outputTokens: 7 },
    })
  })

  it('with a call', async () => {
    const answer = await ask(
      chatAnswer({ content: 'One moment.', ...chatCalls(['c1', REFUND, '{"amount":5}']) }, 'tool_calls'),
    )
    expect(answer.text).toBe('One moment.')
    expect(answer.finishReason).toBe('tool-calls')
    expect(answer.calls).toEqual([
      {
        providerCallID: 'c1',
        tool: 'order_tools.process_refund',
        input: { ok: true, params: { amount: 5 } },
      },
    ])
    expect(answer.messages).toEqual([
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'One moment.' },
          { type: 'tool-call', toolCallId: 'c1', toolName: REFUND, input: { amount: 5 } },
        ],
      },
    ])
  })

  it('sends system prompt, conversation, tools and key, and asks once', async () => {
    const server = await answering(chatAnswer({ content: 'Hello.' }))
    await askModel(aRequest(`${server.url}/v1`, { system: 'You manage orders.', apiKey: 'k-1' }))
    expect(server.seen).toHaveLength(1)
    expect(server.seen[0]).toMatchObject({ method: 'POST', path: '/v1/chat/completions' })
    expect(server.seen[0]?.headers.authorization).toBe('Bearer k-1')
    expect(server.lastBody).toMatchObject({
      model: 'some-model',
      messages: [
        { role: 'system', content: 'You manage orders.' },
        { role: 'user', content: 'Refund my order.' },
      ],
      tools: [
        { function: { name: REFUND, description: 'Refund an order', parameters: aTool().inputSchema } },
      ],
    })
  })

  it.each(['OpenAI', 'Anthropic', 'Google', 'OpenAICompatible'] as const)(
    'without a key, %s is sent none, not even one of the environment',
    async provider => {
      const names = ['OPENAI_API_KEY', 'ANTHROPIC_API_KEY', 'GOOGLE_GENERATIVE_AI_API_KEY']
      for (const name of names) process.env[name] = 'of-the-environment'
      try {
        const server = await answering({})
        await askModel(aRequest(server.url, { model: { provider } })).catch(() => {})
        const { headers } = server.seen[0]!
        expect([headers.authorization, headers['x-api-key'], headers['x-goog-api-key']]).toEqual([
          undefined,
          undefined,
          undefined,
        ])
      } finally {
        for (const name of names) delete process.env[name]
      }
    },
  )
})

describe('a call that cannot be made is refused, and keeps its place', () => {
  it.each([
    ['broken JSON', REFUND, '{"amount": 5', /not valid JSON/],
    ['words', REFUND, 'five', /not valid JSON/],
    ['a list', REFUND, '[1]', /must be one JSON object/],
    ['a number', REFUND, '5', /must be one JSON object/],
    ['a string', REFUND, '"5"', /must be one JSON object/],
    ['null', REFUND, 'null', /must be one JSON object/],
    ['a prototype', REFUND, '{"__proto__": {"amount": 5}}', /misread/],
    ['deep nesting', REFUND, `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`, /nested too deeply/],
    ['an unknown tool', 'wipe', '{}', /no tool of this name/],
    [
      'a name of another case',
      'Order_Tools__Process_Refund',
      '{}',
      /Did you mean order_tools__process_refund/,
    ],
    ['a name with other separators', 'order_tools-process-refund', '{}', /Did you mean/],
    ['no name', '', '{}', /no tool of this name/],
    ['the name of something of the language', 'constructor', '{}', /no tool of this name/],
  ])('%s', async (_, name, args, error) => {
    const { calls, messages } = await ask(chatAnswer(chatCalls(['c1', name, args]), 'tool_calls'))
    expect(errorsOf(calls)).toEqual([expect.stringMatching(error)])
    expect(idsIn(messages)).toEqual(['c1'])
    expect(JSON.stringify(messages)).not.toContain('tool-result')
    const [part] = (messages as { content: { input: unknown; toolName: string }[] }[])[0]!.content
    expect(part!.toolName).toMatch(/^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$/)
    expect(part!.input).toBeTypeOf('object')
    expect(Array.isArray(part!.input)).toBe(false)
  })

  it('a name of ten thousand characters', async () => {
    const { calls, messages } = await ask(chatAnswer(chatCalls(['c1', 'x'.repeat(10_000), '{}'])))
    expect(calls[0]!.tool).toHaveLength(256)
    expect(JSON.stringify(messages).length).toBeLessThan(300)
  })

  it('no arguments at all are no parameters', async () => {
    const { calls } = await ask(chatAnswer(chatCalls(['c1', REFUND, ''])))
    expect(calls[0]!.input).toEqual({ ok: true, params: {} })
  })

  it('a full name stands for itself', async () => {
    const { calls, messages } = await ask(chatAnswer(chatCalls(['c1', 'order_tools.process_refund', '{}'])))
    expect(calls).toMatchObject([{ tool: 'order_tools.process_refund', input: { ok: true } }])
    expect(JSON.stringify(messages)).toContain(`"toolName":"${REFUND}"`)
  })

  it('and the calls beside it are made', async () => {
    const { calls } = await ask(
      chatAnswer(
        chatCalls(['a', REFUND, '{"amount":1}'], ['b', 'wipe', '{}'], ['c', REFUND, '{"amount":3}']),
      ),
    )
    expect(calls.map(({ providerCallID, input }) => [providerCallID, input.ok])).toEqual([
      ['a', true],
      ['b', false],
      ['c', true],
    ])
  })

  it('the last call of an answer that was cut off', async () => {
    const { calls } = await ask(
      chatAnswer(chatCalls(['a', REFUND, '{"amount":1}'], ['b', REFUND, '{"amount":2}']), 'length'),
    )
    expect(errorsOf(calls)).toEqual([undefined, expect.stringContaining('cut off')])
  })

  it('the calls beyond 32, and beyond 64 they are forgotten', async () => {
    const many = (count: number) =>
      chatAnswer(
        chatCalls(
          ...Array.from({ length: count }, (_, i) => [`c${i}`, REFUND, '{}'] as [string, string, string]),
        ),
      )
    const forty = await ask(many(40))
    expect(errorsOf(forty.calls).map(error => error === undefined)).toEqual(
      Array.from({ length: 40 }, (_, i) => i < 32),
    )
    expect(errorsOf(forty.calls)[32]).toContain('40 calls at once; only the first 32')
    expect(idsIn(forty.messages)).toHaveLength(40)
    const hundred = await ask(many(100))
    expect(hundred.calls).toHaveLength(64)
    expect(idsIn(hundred.messages)).toEqual(hundred.calls.map(({ providerCallID }) => providerCallID))
  })
})

describe('ids', () => {
  it.each<[string, (string | undefined)[]]>([
    ['that are the same', ['c', 'c', 'c']],
    ['that are the same as a made-up one', ['c', 'c', 'c_2']],
    ['that are empty', ['', '']],
    ['that are missing', [undefined, undefined]],
    ['that are very long', ['x'.repeat(5000), 'x'.repeat(5000)]],
    ['that are half a character', ['\ud800', 'ok']],
  ])('%s are made different', async (_, ids) => {
    const { calls, messages } = await ask(
      chatAnswer(
        chatCalls(...ids.map((id, i) => [id, REFUND, `{"amount":${i}}`] as [string, string, string])),
      ),
    )
    const given = calls.map(({ providerCallID }) => providerCallID)
    expect(new Set(given).size).toBe(ids.length)
    for (const id of given) expect(id).toMatch(/^.{1,1024}$/u)
    expect(idsIn(messages)).toEqual(given)
    expect(calls.map(({ input }) => input)).toEqual(ids.map((_, i) => ({ ok: true, params: { amount: i } })))
  })
})

it('makes half characters whole in what is kept, and leaves the parameters for the check', async () => {
  const { text, calls, messages } = await ask(
    chatAnswer({ content: 'a\ud800b', ...chatCalls(['c1', REFUND, '{"note":"\\ud800"}']) }),
  )
  expect(text).toBe('a\ufffdb')
  expect(JSON.stringify(messages)).not.toContain('\\ud800')
  expect(calls[0]!.input).toEqual({ ok: true, params: { note: '\ud800' } })
})

describe('an error', () => {
  it('of a server that is down', async () => {
    const port = await freePort()
    expect(await failureAt(`http://127.0.0.1:${port}/v1?key=abc`)).toMatchObject({
      kind: 'Transient',
      message: `The model some-model (OpenAICompatible, http://127.0.0.1:${port}/v1) could not be asked: the connection was refused: nothing listens there.`,
    })
  })

  it('of a name that does not exist', async () => {
    const error = await failureAt('http://no-such-host.invalid/v1')
    expect(error.kind).toBe('Transient')
    expect(error.message).toMatch(/name (does not resolve|could not be resolved)/)
  })

  it('of a server that is slow', async () => {
    const error = await failure(() => {}, { timeoutMs: 100 })
    expect(error).toMatchObject({ kind: 'Transient', message: expect.stringContaining('within 0.1 s') })
  })

  it('of a server that begins and never ends', async () => {
    const error = await failure((_, response) => void response.writeHead(200).write('{"id":'), {
      timeoutMs: 100,
    })
    expect(error).toMatchObject({ kind: 'Transient', message: expect.stringContaining('within 0.1 s') })
  })

  it('of a caller who stops', async () => {
    const stop = new AbortController()
    const error = await failure(() => stop.abort(), { signal: stop.signal })
    expect(error).toMatchObject({ kind: 'Transient', message: expect.stringContaining('was stopped') })
  })

  it('of a server that closes in the middle', async () => {
    const error = await failure((_, response) => {
      response.writeHead(200, { 'content-length': '1000' }).write('{"id":')
      setImmediate(() => response.destroy())
    })
    expect(error).toMatchObject({ kind: 'Transient', message: expect.stringContaining('connection broke') })
  })

  it.each([
    [{ 'retry-after': '7' }, 7],
    [{ 'retry-after': '0.5' }, 1],
    [{ 'retry-after': '999999' }, 3600],
    [{ 'retry-after-ms': '1500' }, 2],
    [{ date: 'Sun, 22 Nov 2026 12:00:00 GMT', 'retry-after': 'Sun, 22 Nov 2026 12:00:30 GMT' }, 30],
    [{ date: 'Sun, 22 Nov 2026 12:00:00 GMT', 'retry-after': 'Sun, 22 Nov 2026 11:00:00 GMT' }, 0],
    [{ 'retry-after': 'soon' }, undefined],
    [{}, undefined],
  ])('of a limit on requests, with %o', async (headers, retryAfterSeconds) => {
    const error = await failure((_, response) =>
      json(response, { error: { message: 'slow down' } }, 429, headers as never),
    )
    expect(error).toMatchObject({ kind: 'Transient', retryAfterSeconds })
    expect(error.message).toContain('called too often (HTTP 429')
  })

  it.each([
    [500, 'Transient', 'out of order'],
    [502, 'Transient', 'out of order'],
    [503, 'Transient', 'out of order'],
    [529, 'Transient', 'out of order'],
    [408, 'Transient', 'out of order'],
    [400, 'Permanent', 'refused the request (HTTP 400, context_length_exceeded)'],
    [401, 'Permanent', 'refused the API key'],
    [403, 'Permanent', 'refused the API key'],
    [404, 'Permanent', 'Check spec.model.name and baseURL'],
    [413, 'Permanent', 'conversation is too long'],
    [422, 'Permanent', 'refused the request'],
  ])('of HTTP %i is %s', async (status, kind, says) => {
    const body = { error: { message: 'secret-in-body sk-123', code: 'context_length_exceeded' } }
    const error = await failure((_, response) => json(response, body, status), {
      apiKey: 'sk-123',
      model: { apiKeySecretRef: { name: 'llm', key: 'apiKey' } },
    })
    expect(error.kind).toBe(kind)
    expect(error.message).toContain(says)
    expect(`${error.message} ${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`).not.toMatch(
      /sk-123|secret-in-body/,
    )
  })

  it('of a wrong key says which Secret to look at', async () => {
    const { message } = await failure((_, response) => json(response, {}, 401), {
      apiKey: 'wrong',
      model: { apiKeySecretRef: { name: 'llm', key: 'apiKey' } },
    })
    expect(message).toContain('Check the key apiKey of the Secret llm.')
  })

  it('of a missing key says what to set', async () => {
    const { message } = await failure((_, response) => json(response, {}, 401))
    expect(message).toContain('Set spec.model.apiKeySecretRef.')
  })

  it.each([301, 302, 307, 308])('of a redirect (%i), which is not followed', async status => {
    const target = await answering(chatAnswer({ content: 'Hello.' }))
    const error = await failure((_, response) => {
      response.writeHead(status, { location: `${target.url}/v1/chat/completions` }).end()
    })
    expect(error.kind).toBe('Permanent')
    expect(error.message).toContain(`redirect (HTTP ${status}), which is never followed`)
    expect(target.seen).toEqual([])
  })

  it.each([
    ['HTML', '<h1>Welcome</h1>'],
    ['nothing', ''],
    ['broken JSON', '{"choices": ['],
    ['null', 'null'],
    ['a list', '[]'],
    ['another object', '{"ok": true}'],
    ['no choices', JSON.stringify({ ...chatAnswer({}), choices: [] })],
    ['a choice without a message', JSON.stringify({ ...chatAnswer({}), choices: [{}] })],
    ['a prototype', '{"__proto__": {"choices": []}}'],
    ['bytes', Buffer.from([0xff, 0xfe, 0])],
  ])('of rubbish: %s', async (_, body) => {
    const error = await failure((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(body)
    })
    expect(error).toMatchObject({ kind: 'Transient' })
    expect(error.message).toContain('not one of the OpenAICompatible API')
  })

  it('of an answer that is too large, without reading it all', async () => {
    let sent = 0
    const error = await failure((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      const more = (): void => {
        while (!response.destroyed && sent < 200_000_000 && response.write('x'.repeat(65_536))) sent += 65_536
        if (!response.destroyed && sent < 200_000_000) response.once('drain', more)
      }
      more()
    })
    expect(error).toMatchObject({ kind: 'Permanent' })
    expect(error.message).toContain('an answer of more than 4194304 bytes')
    expect(sent).toBeLessThan(50_000_000)
  })

  it("of the provider's content filter", async () => {
    const server = await answering(chatAnswer({ content: '' }, 'content_filter'))
    const error = await failureAt(`${server.url}/v1`)
    expect(error).toMatchObject({ kind: 'Permanent', message: expect.stringContaining('content filter') })
  })

  it('of an address that is not called', async () => {
    const error = await failureAt('http://169.254.169.254/v1')
    expect(error).toMatchObject({
      kind: 'Permanent',
      message: expect.stringContaining('does not connect to'),
    })
  })

  it('of a conversation that cannot be sent is not worth a second try, and quotes nothing of it', async () => {
    const server = await answering(chatAnswer({ content: 'Hello.' }))
    const call = { type: 'tool-call', toolCallId: 'hunter2', toolName: REFUND, input: {} }
    const error = await failureAt(server.url, {
      messages: [
        { role: 'user', content: 'x' },
        { role: 'assistant', content: [call] },
      ],
    })
    expect(error).toMatchObject({ kind: 'Permanent', message: expect.stringContaining('MissingToolResults') })
    expect(error.message).not.toContain('hunter2')
    expect(server.seen).toEqual([])
  })

  it('of a model without a base URL', async () => {
    const request = aRequest('http://unused')
    const { baseURL: _, ...model } = request.model
    await expect(askModel({ ...request, model })).rejects.toThrow('spec.model.baseURL')
  })
})
