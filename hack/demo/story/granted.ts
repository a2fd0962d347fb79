// Scenes in which calls are made: without asking anybody, or once a reviewer has approved.
import type { Stage } from './stage.ts'

/** The key under which an order was refunded is the run's UID and the call's ID: the same however often it is tried. */
const executedOnce = async (stage: Stage, order: string, run: string, amount: number): Promise<void> => {
  const { metadata } = await stage.run(run)
  stage.check(
    `the order tools executed the refund of ${order} exactly once, under the key of this very call`,
    await stage.executed(order),
    [
      {
        tool: 'process_refund',
        params: { order_id: order, amount },
        idempotencyKey: `${metadata.uid}-1.0`,
      },
    ].map(call => ({ ...call })),
  )
}

export const smallRefund = async (stage: Stage): Promise<void> => {
  const { teller } = stage
  teller.scene('A small refund flies through')
  teller.says(
    'The gate on process_refund has a condition: param.amount > 1000 and not context.is_admin. Sixty euros are below it. bob, an Admin of the project, starts a run over REST.',
  )
  const body = {
    name: 'refund-small',
    agent: 'order-manager',
    input: 'Refund order ORD-1301, it came late.',
    context: { is_admin: false },
  }
  await stage.sends('bob@acme.com', 'POST /runs', body, 201, ['name', 'agent', 'phase', 'requestedBy'])
  const run = await stage.ended('refund-small')
  await stage.types('bob@acme.com', 'kubectl get arun refund-small')
  stage.check('the run succeeded', run.status?.phase, 'Succeeded')
  stage.check('its last words are those of the tool', run.status?.output, 'Refunded 60 EUR for ORD-1301.')
  const call = run.status?.steps?.find(({ type }) => type === 'ToolCall')
  stage.check('nobody was asked', call?.approvalRequest, undefined)
  await executedOnce(stage, 'ORD-1301', 'refund-small', 60)
}

export const largeRefund = async (stage: Stage): Promise<void> => {
  const { teller } = stage
  const request = 'refund-order-1287-1-0'
  teller.scene('A large refund pauses, is approved with kubectl, and is executed once')
  teller.says('2,400 EUR are above the gate. The run stops before the tool is called.')
  await stage.types('bob@acme.com', 'kubectl apply -f examples/shop/run.yaml')
  await stage.types(
    'bob@acme.com',
    'kubectl wait arun/refund-order-1287 --for=condition=AwaitingApproval --timeout=120s',
  )
  stage.check('the tool was not called', await stage.executed('ORD-1287'), [])
  teller.says(
    'Every member of the project is told of it by mail, with a link to the request. The link decides nothing.',
  )
  await stage.mailed('carol@acme.com', request)
  teller.says('carol, a Member of the project, looks at what waits and at this one in full, and approves.')
  await stage.types('carol@acme.com', 'kubectl approvals')
  await stage.types('carol@acme.com', `kubectl approvals ${request}`)
  await stage.types('carol@acme.com', `kubectl approve ${request} --reason 'The bank shows two charges.'`)
  await stage.types(
    'bob@acme.com',
    'kubectl wait arun/refund-order-1287 --for=condition=Complete --timeout=120s',
  )

  const run = await stage.run('refund-order-1287')
  stage.check('the run succeeded', run.status?.phase, 'Succeeded')
  const call = run.status?.steps?.find(({ id }) => id === '1.0')
  const { waitedSeconds: _, ...approval } = call?.approval ?? {}
  stage.check('the trace says who approved the call, and why', approval, {
    verdict: 'Approved',
    reviewers: ['carol@acme.com'],
    reason: 'The bank shows two charges.',
  })
  await executedOnce(stage, 'ORD-1287', 'refund-order-1287', 2400)

  teller.says('Approving once more changes nothing.')
  await stage.types('carol@acme.com', `kubectl approve ${request}`)
  await executedOnce(stage, 'ORD-1287', 'refund-order-1287', 2400)
}

export const operatorKilled = async (stage: Stage): Promise<void> => {
  const { teller, stack } = stage
  const request = 'refund-survives-1-0'
  teller.scene('The operator is killed with -9 while a request waits')
  const body = {
    name: 'refund-survives',
    agent: 'order-manager',
    input: 'Refund order ORD-1309, the parcel is lost.',
    context: { is_admin: false },
  }
  await stage.sends('bob@acme.com', 'POST /runs', body, 201, ['name', 'phase'])
  await stage.until('arun/refund-survives', 'condition=AwaitingApproval')
  const { pid, restarted } = stack.killOperator()
  teller.says(
    `The operator, process ${pid}, gets SIGKILL. Everything it needs to go on is in the API server, and the demo starts it again, as a cluster would. Meanwhile carol decides: that takes no operator.`,
  )
  await stage.types('carol@acme.com', `kubectl approve ${request} --wait=false`)
  const next = await restarted
  const run = await stage.ended('refund-survives')
  stage.check(`another process (${next}) took over`, next !== pid, true)
  await stage.types('bob@acme.com', 'kubectl get arun refund-survives')
  stage.check('the run went on and succeeded', run.status?.phase, 'Succeeded')
  await executedOnce(stage, 'ORD-1309', 'refund-survives', 4800)
}
