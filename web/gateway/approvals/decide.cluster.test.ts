import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { approvalRequests } from '../../../crds/v1alpha1/resources.ts'
import { clientForServiceAccount } from '../../../hack/testing.ts'
import { startGateway, type TestGateway } from '../testing.ts'
import {
  anApproval,
  haveTokens,
  operator,
  runSettler,
  settleAs,
  testProject,
  tokenOf,
} from '../testing-cluster.ts'

describe.skipIf(!haveTokens())('deciding over REST', () => {
  let gateway: TestGateway
  /** Here the operator is away. */
  let idle: string
  /** Here requests are settled at once. */
  let settled: string
  let stopSettling: () => Promise<void>
  let numbered = 0
  const newName = () => `order-run-${++numbered}-0`

  beforeAll(async () => {
    gateway = await startGateway(clientForServiceAccount('countersign-system', 'countersign-gateway'))
    ;[idle, settled] = await Promise.all([testProject('gw-idle'), testProject('gw-settled')])
    stopSettling = await runSettler(settled)
  })
  afterAll(async () => {
    await stopSettling()
    await gateway.close()
  })

  const as = (person: string) => gateway.as(tokenOf(`${person}@acme.com`))
  const path = (project: string, name: string, verb = '') =>
    `/api/v1/projects/${project}/approvals/${name}${verb && `/${verb}`}`

  test('should answer with the settled approval when the operator settles within two seconds', async () => {
    const { metadata } = await anApproval(settled, newName())
    const answer = await as('carol').post(path(settled, metadata.name, 'approve'), {
      reason: 'charged twice',
    })
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({
      name: metadata.name,
      phase: 'Approved',
      decisions: [{ reviewer: 'carol@acme.com', verdict: 'Approve', reason: 'charged twice', via: 'Token' }],
      outcome: 'Approved by carol@acme.com: charged twice',
    })
    expect(Math.abs(Date.parse(answer.body.decisions[0].decidedAt) - Date.now())).toBeLessThan(60_000)
  })

  test('should answer 200 with a Pending approval when the operator is away', async () => {
    const { metadata } = await anApproval(idle, newName())
    const start = performance.now()
    const answer = await as('alice').post(path(idle, metadata.name, 'approve'))
    expect(answer.status).toBe(200)
    expect(answer.body.phase).toBe('Pending')
    expect(answer.body.decisions).toMatchObject([{ reviewer: 'alice@acme.com', verdict: 'Approve' }])
    expect(performance.now() - start).toBeGreaterThan(1500)
  })

  test('should answer at once when more approvals are needed', async () => {
    const { metadata } = await anApproval(idle, newName(), { requiredApprovals: 2 })
    const start = performance.now()
    const answer = await as('alice').post(path(idle, metadata.name, 'approve'), {})
    expect(answer).toMatchObject({ status: 200, body: { phase: 'Pending' } })
    expect(performance.now() - start).toBeLessThan(1500)
  })

  test('should reject with the reason that was given', async () => {
    const { metadata } = await anApproval(settled, newName())
    const answer = await as('alice').post(path(settled, metadata.name, 'reject'), {
      reason: 'not a duplicate',
    })
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({
      phase: 'Rejected',
      decisions: [{ verdict: 'Reject', reason: 'not a duplicate' }],
    })
  })

  test.each([[undefined], [{}], [{ reason: '' }], [{ reason: ' \n\t ' }]])(
    'should refuse to reject without a reason: %j',
    async body => {
      const { metadata } = await anApproval(idle, newName())
      const answer = await as('alice').post(path(idle, metadata.name, 'reject'), body)
      expect(answer).toMatchObject({ status: 422, body: { code: 'ReasonRequired' } })
      const after = await operator().get(approvalRequests, { namespace: idle, name: metadata.name })
      expect(after.status.decisions).toEqual([])
    },
  )

  test('should answer the same decision again with 200, before and after settlement, whatever the reason', async () => {
    const { metadata } = await anApproval(settled, newName(), { requiredApprovals: 2 })
    const approve = path(settled, metadata.name, 'approve')
    const first = await as('alice').post(approve, { reason: 'first' })
    const again = await as('alice').post(approve, { reason: 'second' })
    expect([first.status, again.status]).toEqual([200, 200])
    expect(again.body.decisions).toEqual(first.body.decisions)
    expect((await as('bob').post(approve)).body.phase).toBe('Approved')
    const late = await as('alice').post(approve)
    expect(late).toMatchObject({ status: 200, body: { phase: 'Approved' } })
    expect(late.body.decisions).toHaveLength(2)
  })

  test('should answer 200 to a repeated approval even when somebody else rejected', async () => {
    const { metadata } = await anApproval(settled, newName(), { requiredApprovals: 2 })
    await as('alice').post(path(settled, metadata.name, 'approve'))
    await as('bob').post(path(settled, metadata.name, 'reject'), { reason: 'no' })
    const answer = await as('alice').post(path(settled, metadata.name, 'approve'))
    expect(answer).toMatchObject({ status: 200, body: { phase: 'Rejected' } })
  })

  test('should refuse the opposite decision of the same reviewer with 409', async () => {
    const { metadata } = await anApproval(idle, newName(), { requiredApprovals: 2 })
    await as('alice').post(path(idle, metadata.name, 'approve'))
    const answer = await as('alice').post(path(idle, metadata.name, 'reject'), {
      reason: 'on second thought',
    })
    expect(answer).toMatchObject({ status: 409, body: { code: 'AlreadyDecided' } })
    expect(answer.body.detail).toContain('alice@acme.com has already decided')
  })

  test('should refuse to decide a settled request with 409 that says who decided what', async () => {
    const { metadata } = await anApproval(settled, newName())
    await as('alice').post(path(settled, metadata.name, 'approve'))
    const answer = await as('bob').post(path(settled, metadata.name, 'reject'), { reason: 'too late' })
    expect(answer).toMatchObject({
      status: 409,
      body: { code: 'ApprovalSettled', phase: 'Approved', decisions: [{ reviewer: 'alice@acme.com' }] },
    })
    expect(answer.body.detail).toContain('alice@acme.com approved')
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/)
  })

  test('should refuse to decide a cancelled request with 409', async () => {
    const request = await anApproval(idle, newName())
    await settleAs(request, 'Cancelled')
    const answer = await as('bob').post(path(idle, request.metadata.name, 'approve'))
    expect(answer).toMatchObject({ status: 409, body: { code: 'ApprovalSettled', phase: 'Cancelled' } })
  })

  test('should refuse whoever has no right with 403, and store nothing', async () => {
    const { metadata } = await anApproval(idle, newName())
    const answer = await as('mallory').post(path(idle, metadata.name, 'approve'))
    expect(answer).toMatchObject({ status: 403, body: { code: 'Forbidden' } })
    expect(answer.body.detail).toContain('mallory@acme.com')
    const after = await operator().get(approvalRequests, { namespace: idle, name: metadata.name })
    expect(after.status.decisions).toEqual([])
  })

  test("should answer 403 in the policy's own words when the person who started the run may not decide", async () => {
    const { metadata } = await anApproval(idle, newName(), { allowSelfApproval: false })
    const answer = await as('bob').post(path(idle, metadata.name, 'approve'))
    expect(answer).toMatchObject({
      status: 403,
      body: { detail: 'you started this run, so somebody else must decide (allowSelfApproval is false).' },
    })
  })

  test('should answer 404 for a request that does not exist', async () => {
    const answer = await as('alice').post(path(idle, 'nothing-1-0', 'approve'))
    expect(answer).toMatchObject({ status: 404, body: { code: 'NotFound' } })
  })

  test.each([
    { reviewer: 'alice@acme.com' },
    { verdict: 'Approve' },
    { via: 'Web' },
    { decidedAt: '2020-01-01T00:00:00Z' },
    { reason: 3 },
    { callDigest: 'sha256:short' },
    [],
    'approve',
  ])('should refuse a body that is not a reason: %j', async body => {
    const { metadata } = await anApproval(idle, newName())
    const answer = await as('bob').post(path(idle, metadata.name, 'approve'), JSON.stringify(body))
    expect(answer).toMatchObject({ status: 422, body: { code: 'Invalid' } })
    const after = await operator().get(approvalRequests, { namespace: idle, name: metadata.name })
    expect(after.status.decisions).toEqual([])
  })

  test('should decide only the call that was seen when its digest is given', async () => {
    const { metadata, spec } = await anApproval(settled, newName())
    const approve = path(settled, metadata.name, 'approve')
    const other = await as('bob').post(approve, { callDigest: `sha256:${'c'.repeat(64)}` })
    expect(other).toMatchObject({ status: 409, body: { code: 'CallDiffers' } })
    const same = await as('bob').post(approve, { callDigest: spec.callDigest })
    expect(same).toMatchObject({ status: 200, body: { phase: 'Approved' } })
  })

  test('should answer 410 once the time is over, before the operator says so and after', async () => {
    const request = await anApproval(idle, newName(), { timeoutSeconds: 30, requiredApprovals: 2 })
    const name = request.metadata.name
    const inTime = await as('alice').post(path(idle, name, 'approve'))
    expect(inTime.status).toBe(200)
    const expiresAt = Date.parse(inTime.body.expiresAt)
    // The API server counts in whole seconds.
    await new Promise(resolve => setTimeout(resolve, expiresAt - Date.now() + 1100))
    const late = await as('bob').post(path(idle, name, 'approve'))
    expect(late).toMatchObject({ status: 410, body: { code: 'ApprovalExpired', phase: 'Pending' } })
    expect((await as('mallory').post(path(idle, name, 'approve'))).status).toBe(403)
    expect((await as('alice').post(path(idle, name, 'approve'))).status).toBe(200)
    await settleAs(request, 'Expired')
    const after = await as('bob').post(path(idle, name, 'reject'), { reason: 'late' })
    expect(after).toMatchObject({ status: 410, body: { code: 'ApprovalExpired', phase: 'Expired' } })
    expect((await as('alice').post(path(idle, name, 'approve'))).status).toBe(200)
  })

  test('should take forty approvals at once by two reviewers as two decisions', async () => {
    const { metadata } = await anApproval(settled, newName(), { requiredApprovals: 2 })
    const approve = path(settled, metadata.name, 'approve')
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        as(i % 2 === 0 ? 'alice' : 'bob').post(approve, { reason: `try ${i}` }),
      ),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array(40).fill(200))
    const after = await operator().get(approvalRequests, { namespace: settled, name: metadata.name })
    expect(after.status.decisions.map(({ reviewer }) => reviewer).sort()).toEqual([
      'alice@acme.com',
      'bob@acme.com',
    ])
  })

  test('should tell every one of forty who race to approve and to reject what became of their own decision', async () => {
    const { metadata } = await anApproval(settled, newName())
    const answers = await Promise.all(
      Array.from({ length: 40 }, async (_, i) => {
        const who = i % 2 === 0 ? 'alice' : 'bob'
        const verb = i % 2 === 0 ? 'approve' : 'reject'
        const answer = await as(who).post(path(settled, metadata.name, verb), { reason: `try ${i}` })
        return { who, answer }
      }),
    )
    const after = await operator().get(approvalRequests, { namespace: settled, name: metadata.name })
    const reviewers = after.status.decisions.map(({ reviewer }) => reviewer)
    for (const { who, answer } of answers) {
      expect(answer.status).toBe(reviewers.includes(`${who}@acme.com`) ? 200 : 409)
    }
    expect(['Approved', 'Rejected']).toContain(after.status.phase)
  })

  test('should decide in bulk with an answer for each entry', async () => {
    const names = await Promise.all(
      Array.from({ length: 4 }, async () => (await anApproval(settled, newName())).metadata.name),
    )
    const gone = await anApproval(settled, newName())
    await settleAs(gone, 'Cancelled')
    const answer = await as('alice').post(path(settled, 'decide'), {
      decisions: [
        { name: names[0], verdict: 'Approve' },
        { name: names[1], verdict: 'Reject', reason: 'no' },
        { name: names[2], verdict: 'Reject' },
        { name: 'nothing-1-0', verdict: 'Approve' },
        { name: gone.metadata.name, verdict: 'Approve' },
        { name: names[3], verdict: 'Approve', callDigest: `sha256:${'c'.repeat(64)}` },
      ],
    })
    expect(answer.status).toBe(200)
    expect(answer.body.items).toMatchObject([
      { name: names[0], status: 200, approval: { phase: 'Approved' } },
      { name: names[1], status: 200, approval: { phase: 'Rejected' } },
      { name: names[2], status: 422, problem: { code: 'ReasonRequired' } },
      { name: 'nothing-1-0', status: 404, problem: { code: 'NotFound' } },
      { name: gone.metadata.name, status: 409, problem: { code: 'ApprovalSettled' } },
      { name: names[3], status: 409, problem: { code: 'CallDiffers' } },
    ])
  })

  test('should answer 403 for each entry of a bulk by somebody without the right', async () => {
    const { metadata } = await anApproval(idle, newName())
    const answer = await as('mallory').post(path(idle, 'decide'), {
      decisions: [{ name: metadata.name, verdict: 'Approve' }],
    })
    expect(answer.body.items).toMatchObject([{ status: 403, problem: { code: 'Forbidden' } }])
  })

  test('should wait for a bulk of thirty no longer than for one when the operator is away', async () => {
    const names = await Promise.all(
      Array.from({ length: 30 }, async () => (await anApproval(idle, newName())).metadata.name),
    )
    const start = performance.now()
    const answer = await as('alice').post(path(idle, 'decide'), {
      decisions: names.map(name => ({ name, verdict: 'Approve' })),
    })
    expect(answer.body.items.map((item: { status: number }) => item.status)).toEqual(Array(30).fill(200))
    expect(performance.now() - start).toBeLessThan(6000)
  })

  test('should refuse a bulk that names a request twice', async () => {
    const decisions = [
      { name: 'a-1-0', verdict: 'Approve' },
      { name: 'a-1-0', verdict: 'Reject', reason: 'x' },
    ]
    expect((await as('alice').post(path(idle, 'decide'), { decisions })).status).toBe(422)
  })

  test('should count decisions by verdict and answer', async () => {
    const text = await gateway.metrics.registry.metrics()
    expect(text).toMatch(/countersign_gateway_decisions_total\{verdict="Approve",code="200"\} \d+/)
    expect(text).toMatch(/countersign_gateway_decisions_total\{verdict="Reject",code="422"\} \d+/)
  })
})
