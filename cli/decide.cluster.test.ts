import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { beforeAll, describe, expect, it } from 'vitest'
import { approvalRequests } from '../crds/v1alpha1/resources.ts'
import {
  addMembers,
  ask,
  installPlugins,
  operator,
  type Plugins,
  type Ran,
  read,
  settle,
  settleOnceDecided,
} from '../hack/plugintesting.ts'
import { adminClient, cluster, testNamespace } from '../hack/testing.ts'

const alice = 'alice@acme.com'
const bob = 'bob@acme.com'
const carol = 'carol@acme.com'
const mallory = 'mallory@acme.com'

/** On a cluster that is not our own, people are impersonated by their kubeconfigs: there are no tokens, and no further --as. */
const impersonated = cluster().people[alice]?.token === undefined

let plugins: Plugins
let namespace: string
// Begun at the start and looked at later, as they take their time.
let waitedInVain: Promise<Ran>
beforeAll(async () => {
  plugins = await installPlugins()
  namespace = await testNamespace('cli-decide')
  await addMembers(namespace, [alice, bob, { group: 'night-shift' }])
  await ask(namespace, 'expiring', { timeoutSeconds: 30 })
  await ask(namespace, 'no-operator')
  waitedInVain = run(alice, 'approve', 'no-operator')
})

const run = (who: string, ...args: string[]) => plugins.kubectl(who, ...args, '-n', namespace)
const full = (name: string) => `approvalrequest.countersign.dev/${name}`

describe('kubectl approve', () => {
  it("adds one's own decision and waits for the outcome", async () => {
    await ask(namespace, 'outcome')
    const settled = settleOnceDecided(namespace, 'outcome')
    const ran = await run(alice, 'approve', 'outcome', '--reason', 'checked')
    await settled
    expect(ran).toEqual({
      code: 0,
      out: `${full('outcome')} approved by ${alice}; order_tools.process_refund will run\n`,
      err: '',
    })
    expect((await read(namespace, 'outcome')).status.decisions).toEqual([
      {
        reviewer: alice,
        verdict: 'Approve',
        reason: 'checked',
        via: 'Kubectl',
        decidedAt: expect.stringMatching(/Z$/),
      },
    ])
  })

  it('says how many are missing where several must approve, and two people make it', async () => {
    await ask(namespace, 'quorum', { requiredApprovals: 2 })
    const first = await run(alice, 'approve', 'quorum')
    expect(first.out).toBe(
      `${full('quorum')} approved by ${alice}; 1 of 2 approvals; one more approval is needed, by another reviewer\n`,
    )
    const again = await run(alice, 'approve', 'quorum')
    expect(again).toMatchObject({ code: 0, out: expect.stringContaining('was approved by you already') })
    const second = await run(bob, 'approve', 'quorum', '--wait=false')
    expect(second.out).toBe(`${full('quorum')} approved by ${bob}; the operator has not settled it yet\n`)
    const { decisions } = (await read(namespace, 'quorum')).status
    expect(decisions.map(decision => decision.reviewer)).toEqual([alice, bob])
  })

  it('keeps both decisions of two people at the same moment', async () => {
    await ask(namespace, 'same-moment', { requiredApprovals: 3 })
    const ran = await Promise.all([alice, bob].map(who => run(who, 'approve', 'same-moment')))
    expect(ran.map(({ code }) => code)).toEqual([0, 0])
    expect((await read(namespace, 'same-moment')).status.decisions).toHaveLength(2)
  })

  it('counts a double click as one decision', async () => {
    await ask(namespace, 'double', { requiredApprovals: 2 })
    const ran = await Promise.all([run(alice, 'approve', 'double'), run(alice, 'approve', 'double')])
    expect(ran.map(({ code, err }) => [code, err])).toEqual([
      [0, ''],
      [0, ''],
    ])
    expect((await read(namespace, 'double')).status.decisions).toHaveLength(1)
  })

  it('decides several, each by itself, in order, and ends with the highest exit code', async () => {
    await ask(namespace, 'several-1')
    await ask(namespace, 'several-2')
    await settle(namespace, 'several-2', { phase: 'Cancelled', message: 'The run was cancelled.' })
    await ask(namespace, 'several-3')
    const names = ['several-3', 'nothing', 'approvalrequest.countersign.dev/several-2', 'apr/several-1']
    const ran = await run(alice, 'approve', ...names, '--wait=false')
    expect(ran.code).toBe(5)
    expect(ran.out.split('\n').map(line => line.split(' ')[0])).toEqual([
      full('several-3'),
      full('several-1'),
      '',
    ])
    expect(ran.err).toContain(`${full('several-2')} was cancelled`)
    expect(ran.err).toContain(`There is no approval request nothing in namespace ${namespace}.`)
  })

  it('decides only the call whose digest was given', async () => {
    const { spec } = await ask(namespace, 'digest')
    const other = await run(alice, 'approve', 'digest', '--digest', `sha256:${'b'.repeat(64)}`)
    expect(other).toMatchObject({ code: 1, out: '' })
    expect(other.err).toContain(`its digest is ${spec.callDigest}`)
    expect((await read(namespace, 'digest')).status.decisions).toEqual([])
    expect(await run(alice, 'approve', 'digest', '--wait=false', '--digest', spec.callDigest)).toMatchObject({
      code: 0,
    })
  })

  it('takes requests by the names that kubectl approvals -o name gives', async () => {
    const own = await testNamespace('cli-names')
    await addMembers(own, [alice])
    await ask(own, 'by-name-1')
    await ask(own, 'by-name-2')
    const listed = await plugins.kubectl(alice, 'approvals', '-o', 'name', '-n', own)
    const names = listed.out.trim().split('\n')
    expect(await plugins.kubectl(alice, 'approve', ...names, '-n', own, '--wait=false')).toMatchObject({
      code: 0,
    })
    expect((await plugins.kubectl(alice, 'approvals', '-n', own)).out).toContain('1/1')
  })
})

describe('kubectl reject', () => {
  it('tells the reason to the run', async () => {
    await ask(namespace, 'reject', { onRejection: 'Continue' })
    const settled = settleOnceDecided(namespace, 'reject')
    const ran = await run(bob, 'reject', 'reject', '--reason', 'was refunded yesterday')
    await settled
    expect(ran).toEqual({
      code: 0,
      out: `${full('reject')} rejected by ${bob}; order_tools.process_refund will not run and the agent is told why and goes on\n`,
      err: '',
    })
    expect((await read(namespace, 'reject')).status.decisions).toMatchObject([
      { verdict: 'Reject', reason: 'was refunded yesterday' },
    ])
  })

  it.each([[[]], [['--reason', '']], [['--reason', '  ']]])(
    'sends nothing without a reason: %j',
    async reason => {
      await ask(namespace, 'unreasoned').catch(() => {})
      const ran = await run(alice, 'reject', 'unreasoned', ...reason)
      expect(ran.code).toBe(2)
      expect(ran.err).toContain('See: kubectl reject --help')
      expect((await read(namespace, 'unreasoned')).status.decisions).toEqual([])
    },
  )
})

describe('a decision that is not taken', () => {
  it('by somebody without any right: says which right, and whom to ask', async () => {
    await ask(namespace, 'stranger')
    for (const command of [['approve'], ['reject', '--reason', 'x']]) {
      const ran = await run(mallory, ...command, 'stranger')
      expect(ran).toMatchObject({ code: 4, out: '' })
      expect(ran.err).toBe(
        `${mallory} has no right to get approvalrequests in namespace ${namespace}. Ask an owner of the project ${namespace} to decide, or to make you a member; for another project add -n NAMESPACE.\n`,
      )
    }
    expect((await read(namespace, 'stranger')).status.decisions).toEqual([])
  })

  it("by somebody who may write but not decide: the policy's own sentence", async () => {
    const own = await testNamespace('cli-writer')
    const rule = (resources: string[], verbs: string[]) => ({
      apiGroups: ['countersign.dev'],
      resources,
      verbs,
    })
    const group = 'rbac.authorization.k8s.io'
    const rbac = { group, version: 'v1', namespaced: true }
    await adminClient().create({ ...rbac, kind: 'Role', plural: 'roles' }, {
      metadata: { name: 'writer', namespace: own },
      rules: [rule(['approvalrequests'], ['get']), rule(['approvalrequests/status'], ['patch'])],
    } as never)
    await adminClient().create({ ...rbac, kind: 'RoleBinding', plural: 'rolebindings' }, {
      metadata: { name: 'writer', namespace: own },
      roleRef: { apiGroup: group, kind: 'Role', name: 'writer' },
      subjects: [{ apiGroup: group, kind: 'User', name: carol }],
    } as never)
    await ask(own, 'writer')
    const ran = await plugins.kubectl(carol, 'approve', 'writer', '-n', own)
    expect(ran).toMatchObject({ code: 4, out: '' })
    expect(ran.err).toBe(
      `${full('writer')} was not approved: you may not decide here: it takes the verb approve on approvalrequests.countersign.dev. Ask an owner of the project to make you a member.\n`,
    )
  })

  it('by who started the run, where somebody else must decide', async () => {
    await ask(namespace, 'own', { allowSelfApproval: false, requestedBy: bob })
    const ran = await run(bob, 'approve', 'own')
    expect(ran).toMatchObject({ code: 4, out: '' })
    expect(ran.err).toContain('you started this run, so somebody else must decide')
    expect((await run(bob, 'approvals', 'own')).out).toContain(`you, ${bob}: no, because you started the run`)
    expect(await run(alice, 'approve', 'own', '--wait=false')).toMatchObject({ code: 0 })
  })

  it('after somebody else decided: says who, when and what', async () => {
    await ask(namespace, 'late')
    await run(alice, 'approve', 'late', '--wait=false', '--reason', 'checked')
    await settle(namespace, 'late', { phase: 'Approved', decidedAt: new Date().toISOString() })
    const ran = await run(bob, 'reject', 'late', '--reason', 'no')
    expect(ran).toMatchObject({ code: 5, out: '' })
    expect(ran.err).toMatch(
      new RegExp(`^${full('late')} was approved by ${alice}, 20\\d\\d-.* ago\\): checked\n$`),
    )
    expect(await run(alice, 'approve', 'late')).toMatchObject({ code: 0 })
    expect(await run(alice, 'reject', 'late', '--reason', 'x')).toMatchObject({ code: 5 })
  })

  it('of a request that does not exist', async () => {
    expect(await run(alice, 'approve', 'nothing')).toEqual({
      code: 3,
      out: '',
      err: `There is no approval request nothing in namespace ${namespace}. What waits: kubectl approvals -n ${namespace}\n`,
    })
  })

  it('where no API server answers', async () => {
    const silent = createServer().listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as { port: number }
    await new Promise(resolve => silent.close(resolve))
    const ran = await run(alice, 'approve', 'x', '--server', `https://127.0.0.1:${port}`)
    expect(ran).toMatchObject({ code: 7, out: '' })
    expect(ran.err).toContain('The API server did not answer: The connection to the server')
  })

  it.skipIf(impersonated)('with a token that is not known', async () => {
    const ran = await run(alice, 'approve', 'x', '--token', 'wrong')
    expect(ran).toMatchObject({ code: 4, out: '' })
    expect(ran.err).toContain('does not accept your credentials')
  })
})

describe('who decides', () => {
  it.skipIf(impersonated)('is whom --as and --as-group name, by those who may', async () => {
    await ask(namespace, 'as')
    const as = ['--as', 'nina@acme.com', '--as-group', 'night-shift', '--as-group', 'system:authenticated']
    const ran = await run(cluster().kubeconfig, 'approve', 'as', '--wait=false', ...as)
    expect(ran.out).toContain('approved by nina@acme.com')
    expect(await run(alice, 'approve', 'as', '--as', bob)).toMatchObject({
      code: 4,
      err: expect.stringContaining('impersonate'),
    })
  })

  it('is never a ServiceAccount', async () => {
    await ask(namespace, 'bot')
    const account = `system:serviceaccount:${namespace}:bot`
    const as = ['--as', account, '--as-group', 'system:serviceaccounts', '--as-group', 'night-shift']
    const ran = await run(cluster().kubeconfig, 'approve', 'bot', ...as)
    expect(ran).toMatchObject({ code: 4, out: '' })
    expect(ran.err).toContain('never decide')
  })

  it('may come with a context of its own and a credential plugin that has something to say', async () => {
    await ask(namespace, 'plugin')
    const { url, ca, people } = cluster()
    const credential = { apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential' }
    const token = people[alice]?.token
    if (token === undefined) return
    const script = `echo "open https://login.acme.com and enter AB12" >&2; echo '${JSON.stringify({ ...credential, status: { token } })}'`
    const path = `${plugins.bin}/exec.kubeconfig`
    writeFileSync(
      path,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [
          {
            name: 'c',
            cluster: { server: url, 'certificate-authority-data': Buffer.from(ca).toString('base64') },
          },
        ],
        users: [
          {
            name: 'u',
            user: {
              exec: {
                apiVersion: credential.apiVersion,
                command: '/bin/sh',
                args: ['-c', script],
                interactiveMode: 'IfAvailable',
              },
            },
          },
        ],
        contexts: [{ name: 'shop', context: { cluster: 'c', user: 'u', namespace } }],
      }),
    )
    const ran = await plugins.kubectl(path, 'approve', 'plugin', '--context', 'shop', '--wait=false')
    rmSync(path)
    expect(ran).toMatchObject({
      code: 0,
      out: `${full('plugin')} approved by ${alice}; the operator has not settled it yet\n`,
    })
    expect(ran.err).toContain('open https://login.acme.com and enter AB12')
    const lost = await plugins.kubectl(alice, 'approve', 'plugin', '--kubeconfig', path)
    expect(lost).toMatchObject({ code: 1, err: expect.stringContaining('no such file') })
  })

  it('is who the kubeconfig of the cluster-admin says, by client certificate', async () => {
    await ask(namespace, 'certificate')
    const ran = await run(cluster().kubeconfig, 'approve', 'certificate', '--wait=false')
    expect(ran).toMatchObject({ code: 0, out: expect.stringContaining('approved by ') })
  })
})

describe('typed wrongly', () => {
  it.each([
    ['an unknown flag', ['approve', 'x', '--reson', 'y'], 'There is no flag --reson. Did you mean --reason?'],
    ['a name that can be none', ['approve', 'X_Y'], '"X_Y" cannot be the name of a request.'],
    [
      'one digest for two',
      ['approve', 'a', 'b', '--digest', `sha256:${'a'.repeat(64)}`],
      '--digest goes with exactly one name.',
    ],
    ['half a digest', ['approve', 'a', '--digest', 'sha256:abc'], 'A digest is sha256: and 64 hex digits'],
    [
      'an endless reason',
      ['approve', 'a', '--reason', 'x'.repeat(4097)],
      'The reason is longer than 4096 characters.',
    ],
    ['a name of all namespaces', ['approve', 'a', '-A'], '-A goes without names'],
  ])('%s', async (_, args, message) => {
    const ran = await run(alice, ...args)
    expect(ran).toMatchObject({ code: 2, out: '' })
    expect(ran.err).toContain(message)
  })

  it('without a name, where nobody can be asked, it lists what waits', async () => {
    await ask(namespace, 'waiting')
    const ran = await run(alice, 'approve')
    expect(ran).toMatchObject({ code: 2, out: '' })
    expect(ran.err).toContain('kubectl approve needs the name of a request. Pending:')
    expect(ran.err).toMatch(/^waiting +order-manager/m)
  })

  it.each(['approve', 'reject', 'approvals'])('kubectl %s --help shows examples', async command => {
    const ran = await plugins.kubectl(alice, command, '--help')
    expect(ran).toMatchObject({ code: 0, err: '' })
    expect(ran.out).toContain(`\n  kubectl ${command}`)
    expect(ran.out).toContain('Exit codes:')
  })
})

it('a request that was deleted and made again after it was read is not decided', async () => {
  const { sendDecision } = await import('./decide/send.ts')
  const { createKubectl } = await import('./kubectl/kubectl.ts')
  const old = await ask(namespace, 'remade')
  await operator().delete(approvalRequests, { namespace, name: 'remade' })
  await ask(namespace, 'remade')
  const kubectl = createKubectl({
    program: cluster().kubectl,
    flags: [`--kubeconfig=${cluster().people[alice]?.kubeconfig}`],
    say: () => {},
  })
  const sent = await sendDecision(kubectl, old, { reviewer: alice, verdict: 'Approve', via: 'Kubectl' })
  expect(sent).toMatchObject({ kind: 'Refused', refusal: { kind: 'Changed', code: 1 } })
  expect((await read(namespace, 'remade')).status.decisions).toEqual([])
})

it('a clock that is an hour wrong does not keep anybody from deciding', async () => {
  const { sendDecision } = await import('./decide/send.ts')
  const { createKubectl } = await import('./kubectl/kubectl.ts')
  const request = await ask(namespace, 'clock')
  const kubectl = createKubectl({
    program: cluster().kubectl,
    flags: [`--kubeconfig=${cluster().people[alice]?.kubeconfig}`],
    say: () => {},
  })
  const decidedAt = new Date(Date.now() - 3_600_000).toISOString()
  const sent = await sendDecision(kubectl, request, {
    reviewer: alice,
    verdict: 'Approve',
    decidedAt,
    via: 'Kubectl',
  })
  expect(sent).toMatchObject({ kind: 'Ok' })
  expect((await read(namespace, 'clock')).status.decisions).toEqual([
    { reviewer: alice, verdict: 'Approve', via: 'Kubectl' },
  ])
})

describe('with time', () => {
  it('gives up waiting for an operator that is not there, and says so', async () => {
    const ran = await waitedInVain
    expect(ran).toMatchObject({ code: 0, err: '' })
    expect(ran.out).toMatch(/the operator has not settled it yet within 1\d s\n$/)
  })

  it('after the time: says when it ended, by the clock of the server, settled or not', async () => {
    const { metadata } = await read(namespace, 'expiring')
    const end = Date.parse(metadata.creationTimestamp ?? '') + 30_000
    await new Promise(resolve => setTimeout(resolve, Math.max(0, end + 1100 - Date.now())))
    const late = await run(alice, 'approve', 'expiring')
    expect(late).toMatchObject({ code: 6, out: '' })
    expect(late.err).toContain('this request expired at ')
    await settle(namespace, 'expiring', { phase: 'Expired' })
    const settled = await run(alice, 'approve', 'expiring')
    expect(settled).toMatchObject({
      code: 6,
      err: expect.stringContaining(`${full('expiring')} expired at 20`),
    })
  })
})
