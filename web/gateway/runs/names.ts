import { createHash } from 'node:crypto'

// Names of a run's requests are <run>-<turn>-<index>, and a run's name is a label value: at most 63 characters.
const maxAgentPart = 40

/** `<agent>-<id>`, where `id` is lower-case letters and digits; the agent's name is cut where it is long. */
export function runName(agent: string, id: string): string {
  const start = agent.slice(0, maxAgentPart).replace(/[^a-z0-9]+$/, '')
  return `${start}-${id.slice(0, 10)}`
}

/**
 * The name of the run that this person's Idempotency-Key stands for in this project. Not of the agent: the same key
 * with another agent must meet the same name, and be refused.
 */
export function idempotentRunName(project: string, username: string, key: string): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([project, username, key]))
    .digest('hex')
  return `run-${digest.slice(0, 32)}`
}
