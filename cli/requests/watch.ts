import type { ApprovalRequest } from '../../crds/v1alpha1/approvalrequest.ts'
import { API_VERSION } from '../../crds/v1alpha1/meta.ts'
import type { Kubectl } from '../kubectl/kubectl.ts'
import { type Refusal, refusalOf } from '../kubectl/refusal.ts'
import { decode, ok, type Result, readRequests, refused } from './read.ts'

/** Seconds after which the server ends a watch, which is then begun again. */
const WATCH_SECONDS = 300
const PAGE = 500
const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 30_000

export interface WatchTarget {
  /** Undefined: all namespaces. */
  readonly namespace?: string | undefined
  readonly agent?: string | undefined
}

export interface Watcher {
  /** What is pending, in full: first of all, and after each gap. `settled`: those known before that no longer are. */
  replaced(pending: readonly ApprovalRequest[], settled: readonly ApprovalRequest[]): void
  /** One request as it is now. */
  changed(request: ApprovalRequest): void
  deleted(request: ApprovalRequest): void
  /** The connection is lost; it is tried again. */
  lost(refusal: Refusal): void
  /** Names and namespaces of those that are pending as far as is known. */
  known(): readonly ApprovalRequest[]
}

export interface WatchTools {
  readonly kubectl: Kubectl
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>
  readonly signal: AbortSignal
}

interface Page {
  readonly metadata: { readonly resourceVersion?: string; readonly continue?: string }
  readonly items: readonly ApprovalRequest[]
}

/**
 * Lists what is pending and follows every change until `signal` is aborted: through the server's ends of watches, lost
 * connections and resource versions that are too old. Goes through `kubectl get --raw`, as `kubectl get -w` gives no
 * resource version to go on from. Returns early, with the reason, only where trying again makes no sense.
 */
export async function watchRequests(
  tools: WatchTools,
  target: WatchTarget,
  watcher: Watcher,
): Promise<Refusal | undefined> {
  let pause = FIRST_PAUSE_MS
  while (!tools.signal.aborted) {
    const listed = await list(tools, target)
    if (tools.signal.aborted) break
    if (listed.kind === 'Refused') {
      if (isFinal(listed.refusal)) return listed.refusal
      watcher.lost(listed.refusal)
      await tools.sleep(pause, tools.signal)
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS)
      continue
    }
    pause = FIRST_PAUSE_MS
    const { items, resourceVersion } = listed.value
    watcher.replaced(items, await settledSince(tools, watcher.known(), items))
    const failure = await follow(tools, target, resourceVersion, watcher)
    if (failure && !tools.signal.aborted) {
      if (isFinal(failure)) return failure
      watcher.lost(failure)
      await tools.sleep(pause, tools.signal)
    }
  }
  return undefined
}

const isFinal = (refusal: Refusal): boolean =>
  ['Forbidden', 'NotInstalled', 'NotFound'].includes(refusal.kind)

const pathOf = (
  { namespace, agent }: WatchTarget,
  query: Readonly<Record<string, string>>,
  pendingOnly: boolean,
): string => {
  const fields = [
    ...(pendingOnly ? ['status.phase=Pending'] : []),
    ...(agent === undefined ? [] : [`spec.agentRef.name=${agent}`]),
  ]
  const search = new URLSearchParams({
    ...query,
    ...(fields.length > 0 ? { fieldSelector: fields.join(',') } : {}),
  })
  const where = namespace === undefined ? '' : `namespaces/${encodeURIComponent(namespace)}/`
  return `/apis/${API_VERSION}/${where}approvalrequests?${search}`
}

async function list(
  { kubectl, signal }: WatchTools,
  target: WatchTarget,
): Promise<Result<{ readonly items: readonly ApprovalRequest[]; readonly resourceVersion: string }>> {
  const items: ApprovalRequest[] = []
  let next: string | undefined
  do {
    const query = { limit: String(PAGE), ...(next === undefined ? {} : { continue: next }) }
    const page = decode<Page>(await kubectl(['get', '--raw', pathOf(target, query, true)], { signal }))
    if (page.kind === 'Refused') return refused(page.refusal)
    items.push(...page.value.items)
    next = page.value.metadata.continue || undefined
    if (next === undefined) return ok({ items, resourceVersion: page.value.metadata.resourceVersion ?? '' })
  } while (!signal.aborted)
  return ok({ items, resourceVersion: '' })
}

/** Those that were pending and are not any more, as they are now; what was deleted is missing. */
async function settledSince(
  { kubectl, signal }: WatchTools,
  before: readonly ApprovalRequest[],
  now: readonly ApprovalRequest[],
): Promise<readonly ApprovalRequest[]> {
  const pending = new Set(now.map(request => request.metadata.uid))
  const gone = before.filter(request => !pending.has(request.metadata.uid))
  const settled: ApprovalRequest[] = []
  for (const namespace of new Set(gone.map(request => request.metadata.namespace))) {
    const names = gone.filter(r => r.metadata.namespace === namespace).map(r => r.metadata.name)
    const read = await readRequests(kubectl, names, namespace, { signal })
    if (read.kind === 'Ok') settled.push(...read.value)
  }
  return settled
}

interface Event {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  readonly object: ApprovalRequest
}

/** Follows one watch to its end; returns why it failed, or undefined when the server ended it. */
async function follow(
  { kubectl, signal }: WatchTools,
  target: WatchTarget,
  resourceVersion: string,
  watcher: Watcher,
): Promise<Refusal | undefined> {
  let rest = ''
  const query = { watch: 'true', resourceVersion, timeoutSeconds: String(WATCH_SECONDS) }
  // Not only the pending ones: a settled one would drop out without a word of who decided.
  const answer = await kubectl(['get', '--raw', pathOf(target, query, false)], {
    signal,
    onOutput: chunk => {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) if (line.trim()) take(JSON.parse(line) as Event, watcher)
    },
  })
  return answer.code === 0 ? undefined : refusalOf(answer.stderr)
}

function take({ type, object }: Event, watcher: Watcher): void {
  if (type === 'ADDED' || type === 'MODIFIED') watcher.changed(object)
  if (type === 'DELETED') watcher.deleted(object)
  // ERROR (the resource version is too old) is followed by the end of the watch, and so by a new list.
}
