// The last scene: what the audit records tell of all the others.
import type { AuditEntry, AuditRecord } from '../../../crds/v1alpha1/auditrecord.ts'
import { kubectl } from '../../manifests.ts'
import { NAMESPACE } from '../stack.ts'
import { verifyChain } from './chain.ts'
import type { Stage } from './stage.ts'
import { Differs } from './teller.ts'

const approved = (who: string, how: string) => [
  'ApprovalRequested',
  `ApprovalApproved by ${who} via ${how}`,
  'ToolExecuting',
  'ToolExecuted: Succeeded',
]
const rejected = (who: string, how: string) => ['ApprovalRequested', `ApprovalRejected by ${who} via ${how}`]
const carol = 'carol@acme.com'

/** What the record must tell of each request, in this order and nothing else. */
const REQUESTS: Readonly<Record<string, readonly string[]>> = {
  'refund-forgotten-1-0': ['ApprovalRequested', 'ApprovalExpired'],
  'refund-order-1287-1-0': approved(carol, 'Kubectl'),
  'refund-rejected-1-0': rejected(carol, 'Token'),
  'refund-adapts-1-0': rejected(carol, 'Kubectl'),
  'refund-unclear-1-0': rejected(carol, 'Kubectl'),
  'refund-no-context-1-0': approved(carol, 'Kubectl'),
  'cancel-both-1-1': approved(carol, 'Kubectl'),
  'cancel-both-1-2': rejected('alice@acme.com', 'Token'),
  'refund-survives-1-0': approved(carol, 'Kubectl'),
}

/** How each run ended. */
const RUNS: Readonly<Record<string, string>> = {
  'refund-forgotten': 'Failed',
  'refund-small': 'Succeeded',
  'refund-order-1287': 'Succeeded',
  'refund-rejected': 'Failed',
  'refund-adapts': 'Succeeded',
  'refund-unclear': 'Failed',
  'refund-no-context': 'Succeeded',
  'cancel-both': 'Succeeded',
  'refund-survives': 'Succeeded',
}

/** Calls that no gate stopped, by run. */
const FREE: Readonly<Record<string, string>> = {
  'refund-small': 'order_tools.process_refund',
  'refund-adapts': 'order_tools.send_note',
  'cancel-both': 'order_tools.get_order',
}

const DECIDED = ['ApprovalApproved', 'ApprovalRejected']

const inWords = ({ action, actor, via, outcome }: AuditEntry): string => {
  if (DECIDED.includes(action)) return `${action} by ${actor} via ${via}`
  return action === 'ToolExecuted' ? `${action}: ${outcome}` : action
}

export const recordTellsItAll = async (stage: Stage): Promise<void> => {
  const { teller, stack } = stage
  teller.scene('The audit records tell it all, in order')
  teller.says('Every record is an object in the API server, and holds the hash of the one before it.')
  await stage.types('alice@acme.com', 'kubectl get audit')
  const list = await kubectl(stack.cluster, ['get', 'auditrecords', '-n', NAMESPACE, '-o', 'json'])
  const verified = verifyChain(NAMESPACE, (JSON.parse(list) as { items: AuditRecord[] }).items)
  if (!verified.ok) throw new Differs('the chain of records holds', 'an unbroken chain', verified.wrong)
  const { entries } = verified
  const of = (test: (entry: AuditEntry) => boolean) => entries.filter(test).map(inWords)
  teller.holds(
    `${entries.length} entries are numbered without gaps, and every hash and prevHash is right when computed again`,
  )
  for (const [request, story] of Object.entries(REQUESTS)) {
    const found = of(({ approvalRequest }) => approvalRequest === request)
    stage.check(`${request}: ${story.join(' → ')}`, found, story)
  }
  for (const [run, tool] of Object.entries(FREE)) {
    const found = of(entry => entry.run === run && entry.tool === tool && entry.approvalRequest === undefined)
    stage.check(`${run}, ungated ${tool}: executed, and recorded`, found, [
      'ToolExecuting',
      'ToolExecuted: Succeeded',
    ])
  }
  for (const [run, outcome] of Object.entries(RUNS)) {
    const found = entries.filter(entry => entry.run === run)
    stage.check(
      `${run}: begins with RunStarted by bob, ends with RunEnded: ${outcome}`,
      [found[0]?.action, found[0]?.actor, found.at(-1)?.action, found.at(-1)?.outcome],
      ['RunStarted', 'bob@acme.com', 'RunEnded', outcome],
    )
  }
  teller.says('Nobody changes a record or takes one out, not even who may do everything in the cluster.')
  await stage.types('admin', `kubectl delete audit audit-000000000001 -n ${NAMESPACE}`, 1)
}
