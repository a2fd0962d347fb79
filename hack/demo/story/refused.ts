// Scenes in which calls are not made: rejected, in two ways, or left alone until their time is over.
import { NAMESPACE } from '../stack.ts'
import type { Stage } from './stage.ts'

const IMPATIENT = 'refund-forgotten'

/** Starts the request that nobody will answer; `forgottenEnds` comes back to it. */
export const forgottenStarts = async (stage: Stage): Promise<void> => {
  stage.teller.scene('A request that nobody will answer')
  stage.teller.says(
    'bob starts a run of an agent that waits 30 seconds for approval, the shortest there is, and then everybody forgets it. We come back to it.',
  )
  const body = {
    name: IMPATIENT,
    agent: 'order-manager-impatient',
    input: 'Refund order ORD-1306, please.',
    context: { is_admin: false },
  }
  await stage.sends('bob@acme.com', 'POST /runs', body, 201, ['name', 'agent', 'phase'])
  await stage.until(`arun/${IMPATIENT}`, 'condition=AwaitingApproval')
  const request = await stage.request(`${IMPATIENT}-1-0`)
  stage.check('its request waits', request.status.phase, 'Pending')
  stage.check('it has 30 seconds', request.spec.timeoutSeconds, 30)
}

export const forgottenEnds = async (stage: Stage): Promise<void> => {
  stage.teller.scene('The forgotten request has timed out')
  const run = await stage.ended(IMPATIENT)
  await stage.types('bob@acme.com', `kubectl get apr ${IMPATIENT}-1-0`)
  stage.check('the run failed, and says why', run.status?.failure, {
    reason: 'ApprovalExpired',
    message: 'order_tools.process_refund was not approved within 30 seconds',
  })
  const { status, metadata } = await stage.request(`${IMPATIENT}-1-0`)
  stage.check('the request is Expired', status.phase, 'Expired')
  const lasted = Date.parse(status.decidedAt ?? '') - Date.parse(metadata.creationTimestamp ?? '')
  stage.check('not a second too early', lasted >= 30_000, true)
  stage.teller.says('It is too late to approve it now, with kubectl or over REST.')
  await stage.types('carol@acme.com', `kubectl approve ${IMPATIENT}-1-0`, 6)
  await stage.sends('carol@acme.com', `POST /approvals/${IMPATIENT}-1-0/approve`, {}, 410)
  stage.check('the refund was never made', await stage.executed('ORD-1306'), [])
}

const REJECTED = 'refund-rejected'

/** Starts a run that waits; first those who may not decide it try. */
export const withoutRight = async (stage: Stage): Promise<void> => {
  const { teller } = stage
  const request = `${REJECTED}-1-0`
  teller.scene('Somebody without the right is refused, on every path')
  const body = {
    name: REJECTED,
    agent: 'order-manager',
    input: 'Refund order ORD-1302, the customer changed their mind.',
    context: { is_admin: false },
  }
  await stage.sends('bob@acme.com', 'POST /runs', body, 201, ['name', 'phase'])
  await stage.until(`arun/${REJECTED}`, 'condition=AwaitingApproval')
  teller.says('mallory has an account in the cluster and no role in the project.')
  await stage.types('mallory@acme.com', `kubectl approve ${request}`, 4)
  await stage.sends('mallory@acme.com', `POST /approvals/${request}/approve`, {}, 403)
  teller.says('carol may decide, but only under her own name, and she cannot write the outcome herself.')
  const forged = `[{"op":"add","path":"/status/decisions/-","value":{"reviewer":"alice@acme.com","verdict":"Approve","via":"Kubectl"}}]`
  await stage.types(
    'carol@acme.com',
    `kubectl patch apr ${request} --subresource=status --type=json -p '${forged}'`,
    1,
  )
  await stage.types(
    'carol@acme.com',
    `kubectl patch apr ${request} --subresource=status --type=merge -p '{"status":{"phase":"Approved"}}'`,
    1,
  )
  teller.says('A ServiceAccount decides nothing, even one that was given the role of a Member.')
  await stage.types('admin', `kubectl create serviceaccount robot -n ${NAMESPACE}`)
  await stage.types(
    'admin',
    `kubectl create rolebinding robot -n ${NAMESPACE} --clusterrole=countersign-member --serviceaccount=${NAMESPACE}:robot`,
  )
  const token = await stage.serviceAccountToken('robot')
  await stage.sends({ name: 'robot', token }, `POST /approvals/${request}/approve`, {}, 403)
  await stage.types(
    'admin',
    `kubectl approve ${request} -n ${NAMESPACE} --as system:serviceaccount:${NAMESPACE}:robot`,
    4,
  )
  const { status } = await stage.request(request)
  stage.check(
    'after all this the request is as it was: Pending, no decision',
    [status.phase, status.decisions],
    ['Pending', []],
  )
}

export const rejectedAndFails = async (stage: Stage): Promise<void> => {
  const { teller } = stage
  const request = `${REJECTED}-1-0`
  teller.scene('carol rejects it over REST, and the run fails with her reason')
  teller.says('A rejection needs a reason.')
  await stage.sends('carol@acme.com', `POST /approvals/${request}/reject`, {}, 422)
  const reason = 'Outside the 30 days of the return policy.'
  await stage.sends('carol@acme.com', `POST /approvals/${request}/reject`, { reason }, 200, [
    'name',
    'phase',
    'decisions',
  ])
  await stage.types('bob@acme.com', `kubectl wait arun/${REJECTED} --for=condition=Failed --timeout=120s`)
  const run = await stage.ended(REJECTED)
  stage.check("the run failed with the reviewer's reason", run.status?.failure, {
    reason: 'ApprovalRejected',
    message: `carol@acme.com rejected order_tools.process_refund: ${reason}`,
  })
  await stage.types(
    'bob@acme.com',
    `kubectl get arun ${REJECTED} -o jsonpath='{.status.failure.reason}: {.status.failure.message}{"\\n"}'`,
  )
  teller.says('What is settled stays settled: alice, an Owner, comes too late to approve it.')
  await stage.types('alice@acme.com', `kubectl approve ${request}`, 5)
  await stage.sends('alice@acme.com', `POST /approvals/${request}/approve`, {}, 409)
  stage.check('the refund was never made', await stage.executed('ORD-1302'), [])
}

export const rejectedAndAdapts = async (stage: Stage): Promise<void> => {
  const { teller } = stage
  const name = 'refund-adapts'
  teller.scene('With onRejection: Continue the agent is told, and adapts')
  const body = {
    name,
    agent: 'order-manager-lenient',
    input: 'Refund order ORD-1305, the colour is wrong.',
    context: { is_admin: false },
  }
  await stage.sends('bob@acme.com', 'POST /runs', body, 201, ['name', 'agent', 'phase'])
  await stage.until(`arun/${name}`, 'condition=AwaitingApproval')
  await stage.types('carol@acme.com', `kubectl reject ${name}-1-0 --reason 'Offer an exchange first.'`)
  const run = await stage.ended(name)
  stage.check('the run succeeded', run.status?.phase, 'Succeeded')
  const [refund, note] = run.status?.steps?.filter(({ type }) => type === 'ToolCall') ?? []
  stage.check('the refund is Rejected', refund?.state, 'Rejected')
  stage.check(
    'the model was told that, and why, and not by whom',
    refund?.result,
    'This call was not executed: a reviewer rejected it. Reason: Offer an exchange first. Do not repeat the same call; it will not be executed in this run. Go on without it, or say what you need.',
  )
  stage.check(
    'it sent the customer a note instead',
    [note?.tool, note?.state],
    ['order_tools.send_note', 'Succeeded'],
  )
  await stage.types('bob@acme.com', `kubectl get arun ${name} -o jsonpath='{.status.output}{"\\n"}'`)
  const executed = await stage.executed('ORD-1305')
  stage.check(
    'the order tools saw the note and no refund',
    executed.map(({ tool }) => tool),
    ['send_note'],
  )
}
