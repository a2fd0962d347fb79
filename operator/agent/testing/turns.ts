import type { AgentTurn, TurnResult } from '../../../crds/v1alpha1/agentturn.ts'
import type { ModelAnswer } from '../types.ts'

/** An answer as it is kept in an AgentTurn and read back from the API server. */
export function aTurn(
  answer: Pick<ModelAnswer, 'calls' | 'messages'> & Partial<ModelAnswer>,
  results: readonly Omit<TurnResult, 'id'>[] = [],
  turn = 1,
): AgentTurn {
  const kept: AgentTurn = {
    metadata: { name: `run-t${turn}` },
    spec: {
      runRef: { name: 'run', uid: 'uid' },
      turn,
      agentGeneration: 1,
      at: '2026-11-22T12:00:00Z',
      durationSeconds: 1,
      finishReason: answer.finishReason ?? 'tool-calls',
      calls: answer.calls.map(({ providerCallID, tool, input }, i) => ({
        id: `${turn}.${i}`,
        providerCallID,
        tool,
        ...(input.ok ? { params: input.params } : { refusal: input.error }),
      })),
      messages: answer.messages,
    },
    status: { complete: true, results: results.map((result, i) => ({ id: `${turn}.${i}`, ...result })) },
  }
  return JSON.parse(JSON.stringify(kept))
}
