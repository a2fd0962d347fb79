import type { Agent, AgentStatus } from '../../../crds/v1alpha1/agent.ts'
import type { Gate } from '../../../crds/v1alpha1/gate.ts'
import { ANNOTATIONS } from '../../../crds/v1alpha1/meta.ts'
import type { ToolDefinition } from '../../agent/types.ts'
import { compileCondition } from '../../policy/conditions/compile.ts'
import { toolsHash } from '../../policy/digests.ts'
import { gateOf } from '../../policy/gates.ts'
import { unmatchedGates } from '../../policy/names.ts'
import { parseRedactPath } from '../../policy/redact.ts'
import type { Listing } from '../../toolbox/toolbox.ts'
import { type ConditionInput, findCondition, setConditions } from '../conditions.ts'

/** A finding about an agent: the catalogue of reasons of its conditions. */
export interface Finding {
  readonly reason:
    | 'InvalidCondition'
    | 'InvalidRedactPath'
    | 'SecretNotFound'
    | 'SecretNotLabelled'
    | 'SecretNotForHost'
    | 'SecretKeyMissing'
    | 'UnknownTool'
    | 'ToolsetUnavailable'
    | 'ToolsChanged'
  readonly message: string
}

/** What was found out in the outside world before an agent is judged. */
export interface Facts {
  readonly agent: Agent
  readonly projectGates: readonly Gate[]
  /** What each toolset serves now. */
  readonly listings: readonly Listing[]
  /** What is wrong with the Secret of the model; undefined where nothing is. */
  readonly modelSecret: Finding | undefined
}

/** What is wrong with the spec itself: a gate that is wrong stops the agent, it never un-gates it. */
export const checkSpec = (agent: Agent): Finding | undefined => {
  const approval = agent.spec.approval
  for (const [index, gate] of (approval?.tools ?? []).entries()) {
    if (gate.when === undefined) continue
    const compiled = compileCondition(gate.when)
    if (compiled.ok) continue
    return {
      reason: 'InvalidCondition',
      message: `spec.approval.tools[${index}].when, column ${compiled.column}: ${compiled.message}`,
    }
  }
  for (const [index, path] of (approval?.redact ?? []).entries()) {
    const parsed = parseRedactPath(path)
    if (parsed.ok) continue
    return {
      reason: 'InvalidRedactPath',
      message: `spec.approval.redact[${index}], column ${parsed.column}: ${parsed.message}`,
    }
  }
  return undefined
}

/** The tools that are pinned at the agent's present generation; undefined where that was not done yet. */
const pinnedTools = (agent: Agent): AgentStatus['tools'] =>
  agent.status?.observedGeneration === agent.metadata.generation ? agent.status?.tools : undefined

/** The status that follows from the facts. Pure. */
export const decideAgent = (facts: Facts, now: string): AgentStatus => {
  const { agent, listings } = facts
  const away = listings.filter(listing => !listing.ok)
  const served = listings.flatMap(listing => (listing.ok ? listing.tools : []))
  const servedHash = toolsHash(served)
  const pinned = pinnedTools(agent)
  const accepted = checkSpec(agent) ?? facts.modelSecret
  const acceptedNow = agent.metadata.annotations?.[ANNOTATIONS.acceptTools] === servedHash
  // Pinned once for each generation, when every toolset has answered; again when somebody accepts what is served now.
  const tools = away.length > 0 ? pinned : pinned && !acceptedNow ? pinned : pin(served)
  const resolved = checkTools(agent, away, tools)
  const changes = tools && away.length === 0 ? changedTools(tools, served) : []
  const changed: Finding | undefined =
    changes.length > 0
      ? {
          reason: 'ToolsChanged',
          message: `each call of ${changes.join(', ')} waits for approval: it is not what was pinned. To accept the tools as they are now, change the spec or annotate: ${ANNOTATIONS.acceptTools}=${servedHash}`,
        }
      : undefined
  const stops =
    accepted ?? (resolved && !(resolved.reason === 'ToolsetUnavailable' && pinned) ? resolved : undefined)
  return {
    observedGeneration: agent.metadata.generation ?? 0,
    ...(away.length === 0 ? { toolsHash: servedHash } : keep(agent.status?.toolsHash)),
    ...(tools ? { tools: withGates(tools, agent, facts.projectGates) } : {}),
    conditions: setConditions(
      agent.status?.conditions,
      [
        conditionOf('Ready', stops, stops ? undefined : changed),
        conditionOf('Accepted', accepted),
        conditionOf('ToolsResolved', resolved),
        conditionOf('ToolsUnchanged', changed),
      ],
      agent.metadata.generation ?? 0,
      now,
    ),
  }
}

const keep = (toolsHash: string | undefined) => (toolsHash === undefined ? {} : { toolsHash })

const TRUE_MESSAGES: Readonly<Record<string, string>> = {
  Ready: 'runs of this agent start',
  Accepted: 'the spec can be used',
  ToolsResolved: 'every toolset answers and every gate names a tool',
  ToolsUnchanged: 'the tools are those that were pinned',
}

/** False with the finding; or True, with a remark that stops nothing. */
const conditionOf = (type: string, finding: Finding | undefined, remark?: Finding): ConditionInput =>
  finding
    ? { type, status: 'False', reason: finding.reason, message: finding.message }
    : {
        type,
        status: 'True',
        reason: remark?.reason ?? type,
        message: remark?.message ?? TRUE_MESSAGES[type] ?? '',
      }

const pin = (served: readonly ToolDefinition[]): NonNullable<AgentStatus['tools']> =>
  served
    .map(({ name, schemaHash }) => ({ name, gate: 'None' as const, schemaHash }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))

const withGates = (
  tools: NonNullable<AgentStatus['tools']>,
  agent: Agent,
  projectGates: readonly Gate[],
): NonNullable<AgentStatus['tools']> =>
  tools.map(tool => ({ ...tool, gate: gateOf(tool.name, agent.spec.approval?.tools ?? [], projectGates) }))

const checkTools = (
  agent: Agent,
  away: readonly Listing[],
  tools: AgentStatus['tools'],
): Finding | undefined => {
  const [first] = away
  if (first && !first.ok) {
    return {
      reason: first.reason,
      message: away.map(one => (one.ok ? '' : `${one.toolset}: ${one.message}`)).join('; '),
    }
  }
  const unmatched = unmatchedGates(
    agent.spec.approval?.tools ?? [],
    (tools ?? []).map(({ name }) => name),
  )
  if (unmatched.length === 0) return undefined
  return {
    reason: 'UnknownTool',
    message: unmatched
      .map(
        ({ name, nearest }) =>
          `no tool is named ${name}${nearest.length > 0 ? `; did you mean ${nearest.join(', ')}?` : ''}`,
      )
      .join('; '),
  }
}

/** Names of tools that appeared or are described differently than when they were pinned. */
const changedTools = (
  pinned: NonNullable<AgentStatus['tools']>,
  served: readonly ToolDefinition[],
): string[] =>
  served
    .filter(tool => pinned.find(({ name }) => name === tool.name)?.schemaHash !== tool.schemaHash)
    .map(({ name }) => name)
    .sort()

/** Whether the agent wants to be looked at again soon: something it needs is away or wrong outside of its spec. */
export const wantsRetry = (status: AgentStatus): boolean => {
  const outside = new Set([
    'ToolsetUnavailable',
    'SecretNotFound',
    'SecretNotLabelled',
    'SecretNotForHost',
    'SecretKeyMissing',
  ])
  return ['Accepted', 'ToolsResolved'].some(type =>
    outside.has(findCondition(status.conditions, type)?.reason ?? ''),
  )
}
