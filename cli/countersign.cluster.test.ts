import { beforeAll, describe, expect, it } from 'vitest'
import { ask, installPlugins, makeProject, type Plugins, read, settle } from '../hack/plugintesting.ts'
import { cluster, testNamespace } from '../hack/testing.ts'

const alice = 'alice@acme.com'
const bob = 'bob@acme.com'
const carol = 'carol@acme.com'
const mallory = 'mallory@acme.com'

/** On a cluster that is not our own, people are impersonated by their kubeconfigs: there are no tokens, and no further --as. */
const impersonated = cluster().people[alice]?.token === undefined

let plugins: Plugins
let namespace: string
beforeAll(async () => {
  plugins = await installPlugins()
  namespace = await testNamespace('cli-countersign')
  await makeProject(namespace, [
    { user: alice, role: 'Owner' },
    { user: bob, role: 'Admin' },
    { user: carol, role: 'Member' },
    { group: 'night-shift', role: 'Member' },
  ])
  await ask(namespace, 'expiring', { timeoutSeconds: 30 })
})

const run = (who: string, ...args: string[]) => plugins.kubectl(who, 'countersign', ...args, '-n', namespace)
const json = async (who: string, ...args: string[]) => {
  const { code, out, err } = await run(who, ...args, '-o', 'json')
  expect(err).toBe('')
  return { code, ...JSON.parse(out) }
}
const admin = (): string => cluster().kubeconfig
/** Somebody of the group night-shift whom no Project names. */
const dave = ['--as', 'dave@acme.com', '--as-group', 'night-shift']
const bot = (): string[] => [
  '--as',
  `system:serviceaccount:${namespace}:bot`,
  '--as-group',
  'system:serviceaccounts',
  '--as-group',
  'night-shift',
]

const everything = {
  read: true,
  decide: true,
  startRuns: true,
  setContext: true,
  cancelRuns: true,
  manageAgents: true,
  changeNotifications: true,
  own: true,
}
const asMember = {
  ...everything,
  setContext: false,
  cancelRuns: false,
  manageAgents: false,
  changeNotifications: false,
  own: false,
}
const nothing = Object.fromEntries(Object.keys(everything).map(name => [name, false]))

describe('kubectl countersign whoami', () => {
  it.each([
    [alice, 'Owner', everything],
    [bob, 'Admin', { ...everything, own: false }],
    [carol, 'Member', asMember],
  ])('%s: %s, with what that role may', async (who, role, may) => {
    expect(await json(who, 'whoami')).toMatchObject({
      code: 0,
      name: who,
      project: namespace,
      roles: [{ role, user: who }],
      may,
      keys: 'Yes',
      owners: [alice],
    })
  })

  it('says it to a person, and how to get a key', async () => {
    const { code, out, err } = await run(carol, 'whoami')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain(`Project ${namespace}: you are Member, by your name.`)
    expect(out).toContain('yes  approve and reject requests\n')
    expect(out).toContain('no   change members and gates of the project (own)\n')
    expect(out).toContain('kubectl countersign keys create')
  })

  it('tells a stranger that they are nobody, and whom to ask', async () => {
    expect(await json(mallory, 'whoami')).toMatchObject({ roles: [], may: nothing, projectObject: 'Hidden' })
    const { code, out } = await run(mallory, 'whoami')
    expect(code).toBe(0)
    expect(out).toContain('you are nobody here.\nTo become a member, ask one of its owners.')
    expect(out).not.toContain('You may here')
  })

  it.skipIf(impersonated)(
    'names the group that a role comes through, and why there are no keys',
    async () => {
      expect(await json(admin(), 'whoami', ...dave)).toMatchObject({
        name: 'dave@acme.com',
        roles: [{ role: 'Member', group: 'night-shift' }],
        may: asMember,
        keys: 'OnlyThroughGroup',
      })
    },
  )

  it.skipIf(impersonated)('tells a ServiceAccount that it never decides, whatever its role', async () => {
    expect(await json(admin(), 'whoami', ...bot())).toMatchObject({
      may: { ...asMember, decide: false },
      keys: 'NotAPerson',
    })
  })

  it('tells a cluster-admin that their rights are not from the Project', async () => {
    expect(await json(admin(), 'whoami')).toMatchObject({ roles: [], may: everything, keys: 'NotMember' })
  })

  it('says where there is no project', async () => {
    const elsewhere = await testNamespace('cli-no-project')
    const { out } = await plugins.kubectl(admin(), 'countersign', 'whoami', '-n', elsewhere)
    expect(out).toContain(`Project ${elsewhere}: there is none in this namespace.`)
  })
})

describe('kubectl countersign can-decide', () => {
  const asked = (who: string, name: string, ...more: string[]) => json(who, 'can-decide', name, ...more)

  it('answers yes to whoever the API server would let, and leaves no decision behind', async () => {
    await ask(namespace, 'open')
    for (const who of [alice, bob, carol, admin()]) {
      expect(await asked(who, 'open')).toMatchObject({ code: 0, may: true })
    }
    expect((await read(namespace, 'open')).status.decisions).toEqual([])
    const { out } = await run(carol, 'can-decide', 'open')
    expect(out).toMatch(/^Yes: you, carol@acme.com, may decide it\./)
    expect(out).toContain(`kubectl approve open -n ${namespace}`)
  })

  it('tells a stranger why not and whom to ask, who may read nothing', async () => {
    await ask(namespace, 'hidden')
    expect(await asked(mallory, 'hidden')).toMatchObject({ code: 4, may: false, reason: 'NoRight' })
    const { code, out } = await run(mallory, 'can-decide', 'hidden')
    expect(code).toBe(4)
    expect(out).toContain(`No: ${mallory} has no right to get approvalrequests in namespace ${namespace}.`)
    expect(out).toContain('Ask an owner of the project')
  })

  it('counts approvals, and puts away who has decided and who started the run: 2 of 3', async () => {
    await ask(namespace, 'third', { requiredApprovals: 3, allowSelfApproval: false, requestedBy: bob })
    expect((await run(bob, 'can-decide', 'third')).out).toMatch(
      /^No: you started this run, so somebody else must decide \(allowSelfApproval is false\)\./,
    )
    for (const who of [alice, carol]) await plugins.kubectl(who, 'approve', 'third', '-n', namespace)
    expect(await asked(bob, 'third')).toMatchObject({ code: 4, may: false, reason: 'SelfApproval' })
    expect(await asked(carol, 'third')).toMatchObject({ code: 5, may: false, reason: 'AlreadyDecided' })
    expect(await asked(admin(), 'third')).toMatchObject({
      may: true,
      complete: true,
      approvals: { given: 2, required: 3, by: [alice, carol] },
      whoMay: [
        { kind: 'Group', name: 'night-shift', from: 'Member of the project' },
        { kind: 'Group', name: 'system:masters', from: 'ClusterRoleBinding cluster-admin' },
      ],
      whoMayNot: [
        { name: alice, barred: 'Decided' },
        { name: bob, barred: 'Starter' },
        { name: carol, barred: 'Decided' },
      ],
    })
  })

  it.skipIf(impersonated)('answers for a member of a group, and for a ServiceAccount in it', async () => {
    await ask(namespace, 'group')
    expect(await asked(admin(), 'group', ...dave)).toMatchObject({ code: 0, may: true })
    expect(await asked(admin(), 'group', ...bot())).toMatchObject({ code: 4, reason: 'NotAPerson' })
  })

  it('says that nobody can, where the starter may not and is not known', async () => {
    await ask(namespace, 'nobody', { allowSelfApproval: false, requestedBy: undefined } as never)
    expect(await asked(alice, 'nobody')).toMatchObject({
      code: 4,
      reason: 'StarterUnknown',
      whoMay: [],
      stuck: expect.stringContaining('Nobody can decide it'),
    })
  })

  it('says how a settled one was settled', async () => {
    await ask(namespace, 'settled')
    await plugins.kubectl(alice, 'approve', 'settled', '-n', namespace, '--wait=false')
    await settle(namespace, 'settled', { phase: 'Approved' })
    expect(await asked(carol, 'settled')).toMatchObject({
      code: 5,
      reason: 'Settled',
      message: expect.stringContaining(`was approved by ${alice}`),
    })
  })

  it('says which request there is not', async () => {
    const { code, err } = await run(carol, 'can-decide', 'nothing')
    expect({ code, err }).toEqual({
      code: 3,
      err: `There is no approval request nothing in namespace ${namespace}. What waits: kubectl approvals -n ${namespace}\n`,
    })
  })

  it('says that the time is over by the clock of the server, settled or not', async () => {
    const { metadata } = await read(namespace, 'expiring')
    const end = Date.parse(metadata.creationTimestamp ?? '') + 30_000
    await new Promise(resolve => setTimeout(resolve, Math.max(0, end + 1100 - Date.now())))
    expect(await asked(carol, 'expiring')).toMatchObject({
      code: 6,
      reason: 'Expired',
      message: expect.stringContaining('this request expired at '),
    })
    await settle(namespace, 'expiring', { phase: 'Expired' })
    expect(await asked(carol, 'expiring')).toMatchObject({ code: 6, reason: 'Expired', phase: 'Expired' })
  })
})
