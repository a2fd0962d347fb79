/** What a work queue tells of itself. */
export interface QueueMetrics {
  /** Keys that wait now. */
  depth(keys: number): void
  added(): void
  /** A key was taken after it had waited this long. */
  waited(seconds: number): void
  /** A key was put back after it had been in hand this long. */
  worked(seconds: number): void
  /** A key was added for another try. */
  retried(): void
}

export type ReconcileResult = 'success' | 'requeue_after' | 'requeue' | 'error'

/** What a controller tells of itself. */
export interface ControllerMetrics {
  reconciled(result: ReconcileResult, seconds: number): void
  /** Reconciles under way now. */
  active(workers: number): void
}

/** What a leader elector tells of itself. */
export interface LeaderMetrics {
  leading(is: boolean): void
}

/** What an event recorder tells of itself. */
export interface EventMetrics {
  /** `sent`, or why an event was not. */
  event(outcome: 'sent' | 'dropped_queue_full' | 'dropped_rate_limit' | 'failed'): void
}

export const noQueueMetrics: QueueMetrics = { depth() {}, added() {}, waited() {}, worked() {}, retried() {} }
export const noControllerMetrics: ControllerMetrics = { reconciled() {}, active() {} }
export const noLeaderMetrics: LeaderMetrics = { leading() {} }
export const noEventMetrics: EventMetrics = { event() {} }
