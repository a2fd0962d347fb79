import type { NotificationPreview, Project } from '../api/types.ts'
import type { Draft } from './draft.ts'

/** What each part of the form stands on. */
export interface Part {
  readonly draft: Draft
  edit(change: Partial<Draft>): void
  /** Why the last saving failed. */
  readonly trouble: Error | undefined
  readonly members: Project['members']
  /** Names of the project's agents. */
  readonly agents: readonly string[]
}

export type Channels = NotificationPreview['channels']
