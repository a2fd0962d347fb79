import type { StateMachine } from '../transitions.ts'

const settled = (verdict: string): string =>
  `status with the resourceVersion that was read; then the record Approval${verdict}`

/** The life of an ApprovalRequest: `status.phase`. */
export const REQUEST_TRANSITIONS: StateMachine = {
  name: 'request',
  title: 'ApprovalRequest: status.phase',
  code: 'operator/controllers/approvalrequest/decide.ts',
  transitions: [
    {
      from: '',
      to: 'Pending',
      event: 'a gate stops a call of a run',
      guard: 'no other request of this name, or an equal one of the same run, which counts as ours',
      written: 'the request, if there is none; then the record ApprovalRequested',
    },
    {
      from: 'Pending',
      to: 'Approved',
      event: 'a reviewer approves, in time by the clock of the API server',
      guard: 'requiredApprovals different reviewers have approved, none has rejected; the run goes on',
      written: settled('Approved'),
    },
    {
      from: 'Pending',
      to: 'Rejected',
      event: 'a reviewer rejects, in time by the clock of the API server',
      guard: 'the run goes on; approvals count for nothing',
      written: settled('Rejected'),
    },
    {
      from: 'Pending',
      to: 'Expired',
      event: 'the clock comes to expiresAt',
      guard: 'undecided by then, however late that is noticed; the API server finds it late too',
      written: settled('Expired'),
    },
    {
      from: 'Pending',
      to: 'Cancelled',
      event: 'its run ends, is cancelled or deleted',
      guard: 'the API server says so of the run, not only a cache',
      written: settled('Cancelled'),
    },
  ],
}
