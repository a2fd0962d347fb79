// What the gateway answers, in its own words: types only, so that none of it is in the page.
import type { z } from 'zod'
import type { AgentItem } from '../../gateway/agents/routes.ts'
import type { ApprovalItem, ApprovalDetail as Detail } from '../../gateway/approvals/item.ts'
import type { AuditItem } from '../../gateway/audit/item.ts'
import type { eventData } from '../../gateway/events/event.ts'
import type { InboxAnswer, SeenAnswer } from '../../gateway/inbox/routes.ts'
import type { KeyItem } from '../../gateway/keys/item.ts'
import type { Preview } from '../../gateway/notifications/preview.ts'
import type { Settings } from '../../gateway/notifications/routes.ts'
import type { NotificationTest as TestAnswer } from '../../gateway/notifications/test-routes.ts'
import type { ProjectItem } from '../../gateway/projects/project.ts'
import type { RunItem } from '../../gateway/runs/item.ts'
import type { ShownSession } from '../../gateway/sessions/routes.ts'

export type { ProjectItem } from '../../gateway/projects/project.ts'

export type Approval = ApprovalItem
export type ApprovalDetail = Detail
export type Gate = ApprovalItem['gates'][number]
export type Run = RunItem
export type Step = RunItem['steps'][number]
export type Agent = AgentItem
export type AuditEntry = AuditItem
export type ApiKey = KeyItem
export type Project = ProjectItem
export type Notifications = Settings
export type NotificationPreview = Preview
export type NotificationTest = TestAnswer
export type Inbox = InboxAnswer
export type InboxItem = InboxAnswer['items'][number]
export type Seen = SeenAnswer
export type Session = ShownSession
export type StreamEvent = z.infer<typeof eventData>
export type Verdict = 'Approve' | 'Reject'

export interface Page<T> {
  readonly items: readonly T[]
  readonly continue?: string
}
