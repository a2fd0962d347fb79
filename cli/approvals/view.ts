import type { ApprovalRequest } from '../../crds/v1alpha1/approvalrequest.ts'
import type { Change } from './changes.ts'

/** Where the live view shows itself: lines, or a screen that is drawn again. */
export interface View {
  /** What is pending now, and what has just happened. */
  show(pending: readonly ApprovalRequest[], changes: readonly Change[]): void
  /** Something about the connection. */
  note(text: string): void
  close(): void
}
