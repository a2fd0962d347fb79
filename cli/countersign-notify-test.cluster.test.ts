import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ANNOTATIONS } from '../crds/v1alpha1/meta.ts'
import type { ProjectStatus } from '../crds/v1alpha1/project.ts'
import { projects } from '../crds/v1alpha1/resources.ts'
import { installPlugins, makeProject, operator, type Plugins } from '../hack/plugintesting.ts'
import { adminClient, testNamespace } from '../hack/testing.ts'
import { parseTest, type WantedTest } from '../operator/policy/notify-test.ts'

type Result = NonNullable<ProjectStatus['notificationTest']>

const alice = 'alice@acme.com'
const bob = 'bob@acme.com'
const carol = 'carol@acme.com'
const mallory = 'mallory@acme.com'
const stop = new AbortController()
let plugins: Plugins
let namespace: string
/** What the operator says; undefined: nothing. */
let answer: (wanted: WantedTest) => Result | undefined
let seen: WantedTest[]

const ref = () => ({ namespace, name: 'project' })
const run = (who: string, ...args: string[]) =>
  plugins.kubectl(who, 'countersign', 'notify-test', ...args, '-n', namespace)
const sent = (wanted: WantedTest): Result => ({
  ...wanted,
  state: 'Sent',
  message: 'It was taken.',
  at: new Date().toISOString(),
})

/** The operator, as far as test messages go. */
async function answerTests(): Promise<void> {
  const { resourceVersion } = await operator().list(projects, { namespace })
  for await (const event of operator().watch(projects, { namespace, resourceVersion, signal: stop.signal })) {
    if (event.type !== 'MODIFIED') continue
    const wanted = parseTest(event.object.metadata.annotations?.[ANNOTATIONS.notifyTest])
    if (wanted === undefined || seen.some(({ id }) => id === wanted.id)) continue
    seen.push(wanted)
    const notificationTest = answer(wanted)
    if (notificationTest === undefined) continue
    const body = { status: { notificationTest } }
    await operator().patch(projects, ref(), { type: 'merge', body }, { subresource: 'status' })
  }
}

beforeAll(async () => {
  plugins = await installPlugins()
  namespace = await testNamespace('cli-notify-test')
  await makeProject(namespace, [
    { user: alice, role: 'Owner', email: 'alice@acme.com' },
    { user: bob, role: 'Admin' },
    { user: carol, role: 'Member' },
    { group: 'night shift', role: 'Member', email: 'night@acme.com' },
  ])
  const webhooks = [
    { name: 'ops', urlSecretRef: { name: 'ops', key: 'url' } },
    { name: 'the chat', urlSecretRef: { name: 'chat', key: 'url' } },
  ]
  const body = { spec: { notifications: { webhooks } } }
  await adminClient().patch(projects, ref(), { type: 'merge', body })
  void answerTests().catch(() => {})
})
beforeEach(() => {
  answer = sent
  seen = []
})
afterAll(() => stop.abort())

describe('kubectl countersign notify-test', () => {
  it.each([
    [bob, ['the chat'], { channel: 'Webhook', target: 'the chat' }, 'the webhook the chat'],
    [alice, ['--email', 'night shift'], { channel: 'Email', target: 'night shift' }, 'night shift by e-mail'],
  ])('sends for %s, and says that it was taken: %j', async (who, args, wanted, words) => {
    const { code, out, err } = await run(who, ...args)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(new RegExp(`^Sent: a test message to ${words}, .*\\nIt was taken\\.\\n$`))
    expect(seen).toMatchObject([wanted])
  })

  it('gives scripts what became of it', async () => {
    const { code, out } = await run(bob, 'ops', '-o', 'json')
    expect(code).toBe(0)
    const { at, ...rest } = JSON.parse(out)
    expect(rest).toEqual({ channel: 'Webhook', target: 'ops', state: 'Sent', message: 'It was taken.' })
    expect(Date.parse(at)).not.toBeNaN()
  })

  it('fails with the reason where it could not be sent', async () => {
    answer = wanted => ({ ...sent(wanted), state: 'Failed', message: 'The connection was refused.\u001b[2J' })
    const { code, out } = await run(bob, 'ops')
    expect(code).toBe(1)
    expect(out).toMatch(/^Failed: a test message to the webhook ops/)
    expect(out).toContain('The connection was refused.\\u001b[2J\n')
  })

  it('lists what can be tried, to members too', async () => {
    const { code, out, err } = await run(carol)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toBe(`Webhooks that can be tried:
  kubectl countersign notify-test ops -n ${namespace}
  kubectl countersign notify-test 'the chat' -n ${namespace}

Members to whom an e-mail can be sent:
  kubectl countersign notify-test --email alice@acme.com -n ${namespace}
  kubectl countersign notify-test --email 'night shift' -n ${namespace}

Without an address: bob@acme.com, carol@acme.com
`)
    const json = JSON.parse((await run(carol, '-o', 'json')).out)
    expect(json.items).toHaveLength(4)
    expect(json.withoutAddress).toEqual([bob, carol])
    expect(seen).toEqual([])
  })

  it.each([
    ['opps', [], 'The project has no webhook named opps. Did you mean ops?'],
    ['--email', [mallory], `The project has no member named ${mallory}.`],
    ['--email', [carol], `The Project has no e-mail address for ${carol}`],
  ])('says what there is not: %s %j', async (first, more, words) => {
    const { code, out, err } = await run(bob, first, ...(more as string[]))
    expect({ code, out }).toEqual({ code: 3, out: '' })
    expect(err).toContain(words)
    expect(seen).toEqual([])
  })

  it.each([
    [carol, `${carol} has no right to patch projects`],
    [mallory, `${mallory} has no right to get projects`],
  ])('is not for %s', async (who, words) => {
    const { code, err } = await run(who, 'ops')
    expect(code).toBe(4)
    expect(err).toContain(words)
    expect(seen).toEqual([])
  })

  it.each([
    [['ops', 'chat']],
    [['ops', '--email', 'alice@acme.com']],
    [['--email', ' ']],
    [['ops', '--timeout', 'soon']],
    [['ops', '--agents', 'a']],
    [['ops', '-o', 'yaml']],
  ])('sends nothing where it is typed wrongly: %j', async args => {
    expect((await run(bob, ...args)).code).toBe(2)
    expect(seen).toEqual([])
  })

  it('says what to look at where no operator answers', async () => {
    answer = () => undefined
    const { code, err } = await run(bob, 'ops', '--timeout', '1s')
    expect(code).toBe(7)
    expect(err).toContain('The operator did not say within 1s')
    expect(err).toContain('kubectl get pods -n countersign-system')
    expect(seen).toHaveLength(1)
  })

  it('has a help of its own, and is in that of all', async () => {
    const { out } = await plugins.kubectl(bob, 'countersign', 'help', 'notify-test')
    expect(out).toContain('--email MEMBER')
    expect((await plugins.kubectl(bob, 'countersign', '--help')).out).toContain('notify-test')
  })
})
