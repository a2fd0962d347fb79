import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** What the operator counts of its own work, beside the metrics of the runtime (kube/prom-metrics.ts). */
export interface OperatorMetrics {
  readonly registry: Registry
  /** `countersign_requests_settled_total{phase}` */
  readonly settled: Counter<'phase'>
  /** `countersign_decision_wait_seconds{phase}`: from the request to its verdict. */
  readonly waited: Histogram<'phase'>
  /** `countersign_tool_calls_total{outcome}` */
  readonly toolCalls: Counter<'outcome'>
  /** `countersign_model_answers_total{outcome}` */
  readonly modelAnswers: Counter<'outcome'>
  /** `countersign_audit_records_total` and `countersign_audit_entries_total` */
  readonly auditRecords: Counter
  readonly auditEntries: Counter
  /** `countersign_notifications_total{channel,state}`: tries of a message, by what became of them. */
  readonly notifications: Counter<'channel' | 'state'>
  /** `countersign_notifications_waiting{channel}`: read from `waiting` whenever the metrics are. */
  notificationsWaiting(waiting: () => Readonly<Record<string, number>>): void
  /**
   * `countersign_slots{kind,state}`: by kind of limit (`project`, `model`, `toolset`), what is `held` and who is `waiting`
   * for lack of room there, read from `counts` whenever the metrics are.
   */
  slots(counts: () => Readonly<Record<string, { readonly held: number; readonly waiting: number }>>): void
  /** `countersign_policies_trusted`: 1 when every policy was seen to refuse, else 0 and nothing is executed. */
  readonly policiesTrusted: Gauge
  /** `countersign_policy_refusing{policy}`: 1 when the canary was refused by the policy at the last check, else 0. */
  readonly policyRefusing: Gauge<'policy'>
}

export const createOperatorMetrics = (): OperatorMetrics => {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  return {
    registry,
    settled: new Counter({
      name: 'countersign_requests_settled_total',
      help: 'Approval requests settled, by terminal phase',
      labelNames: ['phase'],
      registers,
    }),
    waited: new Histogram({
      name: 'countersign_decision_wait_seconds',
      help: 'Seconds from an approval request to its verdict, by terminal phase',
      labelNames: ['phase'],
      buckets: [1, 5, 15, 60, 300, 900, 3600, 14_400, 86_400, 604_800],
      registers,
    }),
    toolCalls: new Counter({
      name: 'countersign_tool_calls_total',
      help: 'Tool calls made, by outcome',
      labelNames: ['outcome'],
      registers,
    }),
    modelAnswers: new Counter({
      name: 'countersign_model_answers_total',
      help: 'Questions to models, by outcome',
      labelNames: ['outcome'],
      registers,
    }),
    auditRecords: new Counter({
      name: 'countersign_audit_records_total',
      help: 'Audit records written',
      registers,
    }),
    auditEntries: new Counter({
      name: 'countersign_audit_entries_total',
      help: 'Audit entries written',
      registers,
    }),
    notifications: new Counter({
      name: 'countersign_notifications_total',
      help: 'Tries of sending a message, by channel and what became of them',
      labelNames: ['channel', 'state'],
      registers,
    }),
    notificationsWaiting: waiting => {
      new Gauge({
        name: 'countersign_notifications_waiting',
        help: 'Messages that wait to be sent, by channel',
        labelNames: ['channel'],
        registers,
        collect() {
          for (const [channel, count] of Object.entries(waiting())) this.set({ channel }, count)
        },
      })
    },
    slots: counts => {
      new Gauge({
        name: 'countersign_slots',
        help: 'Questions to models and calls of tools, by kind of limit: under way (held), or in line for lack of room there (waiting)',
        labelNames: ['kind', 'state'],
        registers,
        collect() {
          for (const [kind, { held, waiting }] of Object.entries(counts())) {
            this.set({ kind, state: 'held' }, held)
            this.set({ kind, state: 'waiting' }, waiting)
          }
        },
      })
    },
    policiesTrusted: new Gauge({
      name: 'countersign_policies_trusted',
      help: '1 when every admission policy was seen to refuse a forbidden write; 0 stops settling and executing',
      registers,
    }),
    policyRefusing: new Gauge({
      name: 'countersign_policy_refusing',
      help: '1 when the policy refused the canary at the last check',
      labelNames: ['policy'],
      registers,
    }),
  }
}
