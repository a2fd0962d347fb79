import { describe, expect, it } from 'vitest'
import type { AgentSpec, Toolset } from '../../../crds/v1alpha1/agent.ts'
import { modelServer, toolServer } from './servers.ts'

const mcp = (url: string, name = 'shop'): Toolset => ({
  name,
  timeoutSeconds: 60,
  retryUnknown: false,
  mcp: { url },
})
const http = (...urls: readonly string[]): Toolset => ({
  name: 'crm',
  timeoutSeconds: 60,
  retryUnknown: false,
  http: { tools: urls.map((url, index) => ({ name: `t${index}`, method: 'POST' as const, url })) },
})
const model = (changes: Partial<AgentSpec['model']>): string =>
  modelServer({ provider: 'OpenAICompatible', name: 'm', baseURL: 'http://llm:8000/v1', ...changes })

describe('the server that a call goes to', () => {
  const one = toolServer(mcp('http://tools.shop.svc/mcp'), 'shop.pay')

  it.each([
    'http://tools.shop.svc:80/mcp',
    'http://TOOLS.shop.svc/mcp/',
    'http://tools.shop.svc./mcp',
    'http://tools.shop.svc.cluster.local/mcp',
    'http://someone:secret@tools.shop.svc/mcp?token=secret#x',
  ])('is the same one at %s, under whatever name of a toolset', url => {
    expect(toolServer(mcp(url, 'orders'), 'orders.refund')).toBe(one)
  })

  it.each([
    'https://tools.shop.svc/mcp',
    'http://tools.shop.svc/other',
    'http://tools.shop.svc:81/mcp',
    'http://tools.bank.svc/mcp',
  ])('is another one at %s', url => {
    expect(toolServer(mcp(url), 'shop.pay')).not.toBe(one)
  })

  it('is, of HTTP tools, the host that serves the tool, whatever its path', () => {
    const toolset = http('http://crm/customers/{id}?by={who}', 'http://crm/orders', 'http://erp/orders')
    const [customers, orders, elsewhere] = [0, 1, 2].map(index => toolServer(toolset, `crm.t${index}`))
    expect(customers).toBe('http://crm')
    expect(orders).toBe(customers)
    expect(elsewhere).toBe('http://erp')
    expect(toolServer(toolset, 'crm.t3')).toBeUndefined()
  })
})

describe('a model', () => {
  it('is the same one however its address is written, and whoever provides it', () => {
    expect(model({ baseURL: 'http://LLM:8000/v1/' })).toBe(model({}))
    expect(model({ provider: 'OpenAI' })).toBe(model({}))
    expect(modelServer({ provider: 'OpenAI', name: 'm' })).toBe(
      model({ provider: 'OpenAI', baseURL: 'https://api.openai.com/v1' }),
    )
  })

  it('is another one under another name, or at another address', () => {
    expect(model({ name: 'n' })).not.toBe(model({}))
    expect(model({ baseURL: 'http://llm:8001/v1' })).not.toBe(model({}))
  })
})
