// A control plane of its own, as the operator looks at two projects here, and so at every namespace.
import { fromJsonSchema, type McpServer } from '@modelcontextprotocol/server'
import { afterAll, describe, expect, it } from 'vitest'
import { agentRuns } from '../../../crds/v1alpha1/resources.ts'
import { startControlPlane } from '../../../hack/controlplane/controlplane.ts'
import { installApi } from '../../../hack/manifests.ts'
import { groundOn } from '../../../hack/torture/ground.ts'
import { callsSeen, startMcpServer } from '../../agent/testing/mcp-server.ts'
import { spawnOperator } from '../../testing/process.ts'
import { scriptedModel } from '../../testing/scripted-model.ts'
import { anAgent, aRun, worldIn } from '../../testing/world.ts'

const CROWD = 160
const AT_ONCE = 8
/** For what must not hang; nothing is decided by it. */
const PATIENCE_MS = 150_000

const closing: (() => unknown)[] = []
afterAll(async () => {
  for (const close of closing.reverse()) await close()
})

/** A real operator for all projects, and the projects `crowd` and `single`, with one agent each. */
const stage = async (model: string, tools: string) => {
  const plane = await startControlPlane({
    prepare: ({ kubectl, adminKubeconfig }) => installApi({ kubectl, kubeconfig: adminKubeconfig }),
  })
  closing.push(() => plane.stop())
  const ground = await groundOn({ kubectl: plane.kubectl, kubeconfig: plane.adminKubeconfig })
  closing.push(() => ground.leave())
  const operator = await spawnOperator(undefined, ground.operator, [
    '--impersonation=off',
    `--max-concurrent-per-project=1000,crowd=${AT_ONCE}`,
    '--model-timeout-seconds=3600',
  ])
  closing.push(() => operator.kill())
  const project = async (name: string) => {
    await ground.namespace(name)
    const world = worldIn(name, ground.admin)
    await world.createAgent(
      anAgent(name, model, {
        toolsets: [{ name: 'shop', timeoutSeconds: 60, retryUnknown: false, mcp: { url: tools } }],
        approval: { tools: [{ name: 'shop.pay' }] } as never,
      }),
    )
    return world
  }
  const crowd = await project('crowd')
  const single = await project('single')
  return { admin: ground.admin, operator, crowd, single }
}

describe('a project with a crowd of runs', () => {
  it(
    'does not delay the one run of another, which is asked about, approved and made while the crowd is held',
    async () => {
      const goOn = Promise.withResolvers<void>()
      let held = 0
      const model = await scriptedModel(async (spoken, results, input) => {
        if (input === 'crowd') {
          held++
          await goOn.promise
          return { text: 'done' }
        }
        return spoken === 0 ? { calls: [{ tool: 'shop.pay', params: {} }] } : { text: results.join() }
      })
      closing.push(() => model.server.stop())
      const server = await startMcpServer('Modern', (mcp: McpServer) => {
        mcp.registerTool(
          'pay',
          { description: 'pays', inputSchema: fromJsonSchema<object>({ type: 'object' }) },
          (async () => ({ content: [{ type: 'text', text: 'paid' }] })) as never,
        )
      })
      closing.push(() => server.http.stop())
      const { admin, operator, crowd, single } = await stage(model.url, server.url)

      const members = Array.from({ length: CROWD }, (_, index) => `run-${index}`)
      await Promise.all(members.map(name => crowd.createRun(aRun('crowd', name, { input: 'crowd' }))))
      const inLine = new RegExp(
        `^countersign_slots\\{kind="project",state="waiting"\\} ${CROWD - AT_ONCE}$`,
        'm',
      )
      await expect.poll(() => operator.metrics(), { timeout: PATIENCE_MS }).toMatch(inLine)

      await single.createRun(aRun('single', 'run', { input: 'pay' }))
      await single.untilRun('run', ({ status }) => status?.phase === 'AwaitingApproval', PATIENCE_MS)
      await single.decide('run-1-0', 'Approve')
      const { status } = await single.untilEnded('run', PATIENCE_MS)
      expect(status).toMatchObject({ phase: 'Succeeded', output: 'paid' })
      expect(callsSeen(server)).toHaveLength(1)

      const { items } = await admin.listAll(agentRuns, { namespace: 'crowd' })
      expect(items.filter(run => run.status?.phase === 'Running' && run.status.turns === 0)).toHaveLength(
        CROWD,
      )
      expect(held).toBe(AT_ONCE)
      goOn.resolve()
      const ended = await Promise.all(members.map(name => crowd.untilEnded(name, PATIENCE_MS)))
      expect(ended.every(run => run.status?.output === 'done')).toBe(true)
    },
    4 * PATIENCE_MS,
  )
})
