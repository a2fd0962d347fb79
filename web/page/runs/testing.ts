// Runs whose model says what the test tells it to.
import { agentRuns } from '../../../crds/v1alpha1/resources.ts'
import { clientFor } from '../../../hack/testing.ts'
import type { Said } from '../../../operator/testing/scripted-model.ts'
import { aRun } from '../../../operator/testing/world.ts'
import { tokenOf } from '../../gateway/testing-cluster.ts'
import { type Answers, openPageStage, type PageStage, refunding } from '../testing/stage.ts'

type Script = (spoken: number, results: readonly string[]) => Said | Promise<Said>

export interface RunStage extends PageStage {
  /** What the model says to this input. */
  script(input: string, script: Script): void
  /** Starts a run with this input, as bob, or as alice, who may give a context. */
  ask(name: string, input: string, options?: { agent?: string; context?: object }): Promise<void>
  /** Decides over REST. */
  settle(request: string, user: string, verb: 'approve' | 'reject', reason?: string): Promise<void>
}

/** A call of the stage's tool. */
export const refund = (params: object) => ({ tool: 'order_tools.process_refund', params })

export async function openRunStage(agents: Parameters<typeof openPageStage>[0]): Promise<RunStage> {
  const scripts = new Map<string, Script>()
  const answers: Answers = (spoken, results, input) =>
    scripts.get(input)?.(spoken, results) ?? refunding(spoken, results, input)
  const stage = await openPageStage(agents, answers)
  const { namespace } = stage
  return {
    ...stage,
    script: (input, script) => void scripts.set(input, script),
    ask: async (name, input, { agent = Object.keys(agents)[0] ?? '', context } = {}) => {
      const who = clientFor(context === undefined ? 'bob@acme.com' : 'alice@acme.com')
      const given = context === undefined ? {} : { context: context as Record<string, never> }
      await who.create(agentRuns, aRun(namespace, name, { agentRef: { name: agent }, input, ...given }))
    },
    settle: async (request, user, verb, reason) => {
      await stage.untilRequest(request)
      const path = `/api/v1/projects/${namespace}/approvals/${request}/${verb}`
      const body = reason === undefined ? {} : { reason }
      const { status } = await stage.gateway.as(tokenOf(`${user}@acme.com`)).post(path, body)
      if (status !== 200) throw new Error(`deciding ${request} was answered with ${status}`)
    },
  }
}
