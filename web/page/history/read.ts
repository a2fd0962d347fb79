import type { Api } from '../api/client.ts'
import type { AuditEntry, Page } from '../api/types.ts'

const actions = ['ApprovalApproved', 'ApprovalRejected', 'ApprovalExpired', 'ApprovalCancelled'] as const

/** The last 20 settlements of a project, newest first. */
export async function readHistory(
  api: Api,
  project: string,
  signal: AbortSignal,
): Promise<readonly AuditEntry[]> {
  const pages = await Promise.all(
    actions.map(action =>
      api.get<Page<AuditEntry>>(`/projects/${project}/audit`, { action, limit: 20 }, signal),
    ),
  )
  return pages
    .flatMap(({ items }) => items)
    .sort((a, b) => b.seq - a.seq)
    .slice(0, 20)
}
