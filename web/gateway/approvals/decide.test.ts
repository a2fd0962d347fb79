import { afterEach, describe, expect, test } from 'vitest'
import type { Decision } from '../../../crds/v1alpha1/approvalrequest.ts'
import { answer, refuse, status, watchLine } from '../../../kube/testing.ts'
import { alice, type Script, type ScriptedGateway, scriptedGateway } from '../testing-api.ts'

const path = '/apis/countersign.dev/v1alpha1/namespaces/shop/approvalrequests/order-run-1-0'
const approve = '/api/v1/projects/shop/approvals/order-run-1-0/approve'
const decided: Decision = { reviewer: alice.username, verdict: 'Approve', via: 'Token' }

const aRequest = (decisions: readonly Decision[] = [], phase = 'Pending', version = '1') => ({
  metadata: {
    name: 'order-run-1-0',
    namespace: 'shop',
    uid: 'u1',
    resourceVersion: version,
    creationTimestamp: '2026-11-22T09:59:00Z',
  },
  spec: {
    agentRef: { name: 'order-manager' },
    runRef: { name: 'order-run', uid: 'r1' },
    timeoutSeconds: 3600,
    requiredApprovals: 1,
  },
  status: { phase, decisions },
})

let running: ScriptedGateway | undefined
afterEach(() => running?.close())

/** A gateway whose API server holds one request, and does with the n-th patch what `patches` says. */
async function withRequest(
  patches: (attempt: number, land: () => void, response: Parameters<Script>[1]) => void,
): Promise<ScriptedGateway> {
  const state = { decisions: [] as Decision[], patches: 0 }
  running = await scriptedGateway((request, response) => {
    if (request.query.has('watch')) {
      response.write(watchLine('MODIFIED', aRequest(state.decisions, 'Approved', '2')))
      return
    }
    if (!request.path.startsWith(path)) return
    if (request.method === 'GET') answer(response, aRequest(state.decisions))
    else patches(++state.patches, () => state.decisions.push(decided), response)
  })
  return running
}

const patchesSent = () => running?.received.filter(({ method }) => method === 'PATCH') ?? []

describe('deciding when the API server is in trouble', () => {
  test('should not decide twice when the answer to the write was lost', async () => {
    const { gateway } = await withRequest((_, land, response) => {
      land()
      response.socket?.destroy()
    })
    const result = await gateway.as('t').post(approve)
    expect(result.status).toBe(200)
    expect(result.body.decisions).toHaveLength(1)
    expect(patchesSent()).toHaveLength(1)
  })

  test('should try once more when the write was lost', async () => {
    const { gateway } = await withRequest((attempt, land, response) => {
      if (attempt === 1) {
        response.socket?.destroy()
        return
      }
      land()
      answer(response, aRequest([decided], 'Approved', '2'))
    })
    expect((await gateway.as('t').post(approve)).status).toBe(200)
    expect(patchesSent()).toHaveLength(2)
  })

  test('should answer 503 when no write lands', async () => {
    const { gateway } = await withRequest((_, __, response) => response.socket?.destroy())
    const result = await gateway.as('t').post(approve)
    expect(result).toMatchObject({ status: 503, body: { code: 'Unavailable' } })
    expect(result.headers.get('retry-after')).toBe('1')
  })

  test('should go on through conflicts until its own write is the first', async () => {
    const { gateway } = await withRequest((attempt, land, response) => {
      if (attempt < 5) return refuse(response, 409, 'Conflict')
      land()
      answer(response, aRequest([decided], 'Approved', '2'))
    })
    expect((await gateway.as('t').post(approve)).status).toBe(200)
  })

  test('should give up on conflicts that never end', async () => {
    const { gateway } = await withRequest((_, __, response) => refuse(response, 409, 'Conflict'))
    expect(await gateway.as('t').post(approve)).toMatchObject({ status: 409, body: { code: 'Conflict' } })
  })

  test('should say 410 when a policy refuses and the clock of the API server is past the end', async () => {
    // The scripted API server's clock stands at 10:00:00.
    let late = false
    running = await scriptedGateway((request, response) => {
      if (!request.path.startsWith(path)) return
      const object = aRequest()
      object.spec.timeoutSeconds = late ? 60 : 61
      const denial = "x is forbidden: ValidatingAdmissionPolicy 'p' with binding 'p' denied request: not you"
      if (request.method === 'GET') answer(response, object)
      else answer(response, status(403, 'Forbidden', denial), 403)
    })
    const early = await running.gateway.as('t').post(approve)
    expect(early).toMatchObject({ status: 403, body: { code: 'Forbidden', detail: 'not you.' } })
    late = true
    expect(await running.gateway.as('t').post(approve)).toMatchObject({
      status: 410,
      body: { code: 'ApprovalExpired', detail: expect.stringContaining('2026-11-22T10:00:00Z') },
    })
  })

  test('should write the decision under the authenticated name, by the clock of the API server', async () => {
    const { gateway } = await withRequest((_, land, response) => {
      land()
      answer(response, aRequest([decided], 'Approved', '2'))
    })
    await gateway.as('t').post(approve, { reason: ' ok ' })
    const [sent] = patchesSent()
    expect(sent?.path).toBe(`${path}/status`)
    expect(sent?.headers['content-type']).toBe('application/json-patch+json')
    expect(JSON.parse(sent?.body ?? '')).toEqual([
      { op: 'test', path: '/metadata/uid', value: 'u1' },
      {
        op: 'add',
        path: '/status/decisions/-',
        value: {
          reviewer: 'alice@acme.com',
          verdict: 'Approve',
          reason: ' ok ',
          decidedAt: '2026-11-22T10:00:00Z',
          via: 'Token',
        },
      },
    ])
  })

  test('should answer with the decision that landed when the settlement cannot be watched', async () => {
    running = await scriptedGateway((request, response) => {
      if (request.query.has('watch')) return refuse(response, 403, 'Forbidden')
      if (!request.path.startsWith(path)) return
      answer(response, aRequest(request.method === 'GET' ? [] : [decided]))
    })
    expect(await running.gateway.as('t').post(approve)).toMatchObject({
      status: 200,
      body: { phase: 'Pending' },
    })
  })
})
