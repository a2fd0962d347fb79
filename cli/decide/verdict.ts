import type { Decision } from '../../crds/v1alpha1/approvalrequest.ts'

export type Verdict = Decision['verdict']

interface Words {
  readonly command: string
  readonly done: string
  readonly noun: string
}

/** How each verdict is spoken of. */
export const WORDS: Readonly<Record<Verdict, Words>> = {
  Approve: { command: 'kubectl approve', done: 'approved', noun: 'approval' },
  Reject: { command: 'kubectl reject', done: 'rejected', noun: 'rejection' },
}
