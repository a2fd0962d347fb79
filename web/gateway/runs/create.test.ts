import { afterEach, describe, expect, test } from 'vitest'
import { answer, refuse } from '../../../kube/testing.ts'
import { type ScriptedGateway, scriptedGateway } from '../testing-api.ts'

const runs = '/apis/countersign.dev/v1alpha1/namespaces/shop/agentruns'
const body = { agent: 'order-manager', input: 'go' }

let running: ScriptedGateway | undefined
afterEach(() => running?.close())

/** An API server that loses the answer to every create, which lands or not. */
async function losing(lands: boolean): Promise<ScriptedGateway> {
  let stored: { metadata: { name: string } } | undefined
  running = await scriptedGateway((request, response) => {
    if (request.path.includes('/agents/')) return answer(response, { metadata: { name: 'order-manager' } })
    if (!request.path.startsWith(runs)) return
    if (request.method === 'POST') {
      if (lands) stored = JSON.parse(request.body)
      response.socket?.destroy()
      return
    }
    if (stored !== undefined && request.path.endsWith(stored.metadata.name)) answer(response, stored)
    else refuse(response, 404, 'NotFound')
  })
  return running
}

describe('starting a run when the API server is in trouble', () => {
  test('should answer with the run that was created although the answer was lost', async () => {
    const { gateway, received } = await losing(true)
    const result = await gateway.as('t').post('/api/v1/projects/shop/runs', body)
    expect(result).toMatchObject({
      status: 201,
      body: { agent: 'order-manager', requestedBy: 'alice@acme.com' },
    })
    expect(received.filter(({ method, path }) => method === 'POST' && path.startsWith(runs))).toHaveLength(1)
  })

  test('should answer 503 when no run was created', async () => {
    const { gateway } = await losing(false)
    expect((await gateway.as('t').post('/api/v1/projects/shop/runs', body)).status).toBe(503)
  })
})
