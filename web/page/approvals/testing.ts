// A project whose requests the test makes itself, as the operator would, and settles as their decisions say.
import type { ApprovalRequestSpec } from '../../../crds/v1alpha1/approvalrequest.ts'
import { anApproval, runSettler } from '../../gateway/testing-cluster.ts'
import { openPageStage, type PageStage } from '../testing/stage.ts'

export interface QueueStage extends PageStage {
  /** Makes a request that waits. */
  add(name: string, params: object, spec?: Partial<ApprovalRequestSpec>): Promise<void>
  /** Makes many, some at once, `perSecond` at most. */
  addMany(
    names: readonly string[],
    of: (index: number) => Partial<ApprovalRequestSpec>,
    perSecond?: number,
  ): Promise<void>
}

const ATONCE = 12

export async function openQueueStage(): Promise<QueueStage> {
  const stage = await openPageStage({})
  // It would cancel requests that no run waits for.
  await stage.stop()
  const stopSettling = await runSettler(stage.namespace)
  const { namespace } = stage
  const make = async (name: string, spec: Partial<ApprovalRequestSpec>) => {
    await anApproval(namespace, name, spec)
  }
  return {
    ...stage,
    add: (name, params, spec = {}) =>
      make(name, { params: params as ApprovalRequestSpec['params'], ...spec }),
    addMany: async (names, of, perSecond = Number.POSITIVE_INFINITY) => {
      const queue = names.entries()
      const begun = performance.now()
      const worker = async () => {
        for (const [index, name] of queue) {
          const due = begun + (index * 1000) / perSecond
          if (due > performance.now()) await new Promise(done => setTimeout(done, due - performance.now()))
          await make(name, of(index))
        }
      }
      await Promise.all(Array.from({ length: ATONCE }, worker))
    },
    close: async () => {
      await stopSettling()
      await stage.close()
    },
  }
}
