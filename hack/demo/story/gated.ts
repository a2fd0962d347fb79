// Scenes about what a gate stops: a condition that cannot be evaluated, and two calls of one turn.
import type { Stage } from './stage.ts'

export const cannotBeEvaluated = async (stage: Stage): Promise<void> => {
  const { teller } = stage
  teller.scene('A condition that cannot be evaluated stops the call')
  teller.says(
    'The model asks for a refund of amount 10, and beside it sends an Amount of 5200, which the tool does not declare. Nobody can say that the condition has seen the true amount: the call pauses, and the reviewer is told why.',
  )
  const first = {
    name: 'refund-unclear',
    agent: 'order-manager',
    input: 'Refund whatever order ORD-1303 cost.',
    context: { is_admin: false },
  }
  await stage.sends('bob@acme.com', 'POST /runs', first, 201, ['name', 'phase'])
  await stage.until('arun/refund-unclear', 'condition=AwaitingApproval')
  await stage.types('carol@acme.com', 'kubectl approvals refund-unclear-1-0')
  const unclear = await stage.request('refund-unclear-1-0')
  stage.check(
    'the gate could not tell',
    unclear.spec.gates.map(({ outcome }) => outcome),
    ['ConditionUnknown'],
  )
  stage.check('its detail names the culprit', /Amount/.test(unclear.spec.gates[0]?.detail ?? ''), true)
  await stage.types(
    'carol@acme.com',
    `kubectl reject refund-unclear-1-0 --reason 'Ask again with one amount.'`,
  )
  const run = await stage.ended('refund-unclear')
  stage.check('the run failed', run.status?.failure?.reason, 'ApprovalRejected')
  stage.check('the refund was never made', await stage.executed('ORD-1303'), [])

  teller.says(
    'Another one: the condition reads context.is_admin, and this run was started without any context. It pauses too; approved, it goes on.',
  )
  const second = {
    name: 'refund-no-context',
    agent: 'order-manager',
    input: 'Refund order ORD-1304, it is damaged.',
  }
  await stage.sends('bob@acme.com', 'POST /runs', second, 201, ['name', 'phase'])
  await stage.until('arun/refund-no-context', 'condition=AwaitingApproval')
  const missing = await stage.request('refund-no-context-1-0')
  stage.check(
    'the gate could not tell',
    missing.spec.gates.map(({ outcome }) => outcome),
    ['ConditionUnknown'],
  )
  stage.check(
    'its detail names what is missing',
    /context\.is_admin/.test(missing.spec.gates[0]?.detail ?? ''),
    true,
  )
  await stage.types('carol@acme.com', 'kubectl approve refund-no-context-1-0')
  const approved = await stage.ended('refund-no-context')
  stage.check('the run succeeded', approved.status?.phase, 'Succeeded')
  stage.check('the refund was made once', (await stage.executed('ORD-1304')).length, 1)
}

export const decidedSingly = async (stage: Stage): Promise<void> => {
  const { teller } = stage
  const name = 'cancel-both'
  const state = (id: string) => `{.status.steps[?(@.id=="${id}")].state}`
  teller.scene('Two gated calls of one turn are decided singly, while a free one has run')
  teller.says(
    'In one turn the model looks up an order, which no gate stops, and cancels two, which the gate on cancel_order stops always.',
  )
  const body = { name, agent: 'order-manager-lenient', input: 'Cancel orders ORD-1302 and ORD-1305.' }
  await stage.sends('bob@acme.com', 'POST /runs', body, 201, ['name', 'agent', 'phase'])
  await stage.until(`arun/${name}`, `jsonpath=${state('1.0')}=Succeeded`)
  await stage.until(`apr/${name}-1-1`, 'create')
  await stage.until(`apr/${name}-1-2`, 'create')
  await stage.types('carol@acme.com', 'kubectl approvals')
  const cancellations = async (order: string) =>
    (await stage.executed(order)).filter(({ tool }) => tool === 'cancel_order').length
  stage.check(
    'the free call has run',
    (await stage.executed('ORD-1302')).map(({ tool }) => tool),
    ['get_order'],
  )
  stage.check(
    'nothing was cancelled',
    [await cancellations('ORD-1302'), await cancellations('ORD-1305')],
    [0, 0],
  )

  teller.says('carol approves the first. It is executed at once, while the second still waits.')
  await stage.types('carol@acme.com', `kubectl approve ${name}-1-1`)
  await stage.until(`arun/${name}`, `jsonpath=${state('1.1')}=Succeeded`)
  const half = await stage.run(name)
  const open = half.status?.steps?.find(({ id }) => id === '1.2')
  stage.check('the second waits', [half.status?.phase, open?.state], ['AwaitingApproval', 'AwaitingApproval'])
  stage.check('one is cancelled', [await cancellations('ORD-1302'), await cancellations('ORD-1305')], [1, 0])

  teller.says('alice, an Owner, rejects the second over REST. The model hears both outcomes and ends.')
  const reason = 'It left the warehouse already.'
  await stage.sends('alice@acme.com', `POST /approvals/${name}-1-2/reject`, { reason }, 200, [
    'name',
    'phase',
  ])
  const run = await stage.ended(name)
  stage.check('the run succeeded', run.status?.phase, 'Succeeded')
  stage.check('the model knows which one was cancelled', run.status?.output, 'Cancelled: ORD-1302.')
  stage.check(
    'one was cancelled, once',
    [await cancellations('ORD-1302'), await cancellations('ORD-1305')],
    [1, 0],
  )
}
