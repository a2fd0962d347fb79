import { ANNOTATIONS, GROUP } from '../../../crds/v1alpha1/meta.ts'
import type { Project } from '../../../crds/v1alpha1/project.ts'
import {
  formatTest,
  parseTest,
  reachable,
  type TestTarget,
  testTargets,
} from '../../../operator/policy/notify-test.ts'
import { visible } from '../../../operator/policy/visible.ts'
import { namespaceOf } from '../../command.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import type { Kubectl } from '../../kubectl/kubectl.ts'
import { type Refusal, refusalOf } from '../../kubectl/refusal.ts'
import { readProject } from '../../requests/project.ts'
import { ok, type Result, refused } from '../../requests/read.ts'
import { nearest } from '../../text/nearest.ts'
import { painter } from '../../text/paint.ts'
import { type Invocation, kubectlOf, printJson, refuse, wantsJson, wrong } from '../invocation.ts'
import { describeResult, describeTargets, named, type TestResult, toList } from './describe.ts'

const PROJECT = `projects.${GROUP}`
const DEFAULT_TIMEOUT = '20s'

/** `kubectl countersign notify-test [WEBHOOK | --email MEMBER]`. `newID`: an id that no test had before. */
export async function notifyTest(invocation: Invocation, newID: () => string): Promise<ExitCode> {
  const { io } = invocation.environment
  const { timeout = DEFAULT_TIMEOUT } = invocation.flags
  const wanted = wantedFrom(invocation)
  if (wanted === 'Wrong') {
    return wrong(
      invocation,
      'notify-test takes the name of one webhook, or --email with the name of a member.',
    )
  }
  if (!/^[1-9][0-9]{0,3}[sm]$/.test(timeout)) {
    return wrong(invocation, `${visible(JSON.stringify(timeout))} is no time to wait: 20s, 2m.`)
  }
  const json = wantsJson(invocation)
  if (json === undefined) return EXIT.usage
  const kubectl = kubectlOf(invocation)
  const namespace = await namespaceOf(kubectl, invocation.namespace)
  const read = await readProject(kubectl, namespace)
  if (read.kind === 'Refused') return refuse(invocation, read.refusal)
  if (read.value === undefined) {
    const message = `There is no Project in the namespace ${visible(namespace)}; for another one add -n NAMESPACE.`
    return refuse(invocation, { code: EXIT.notFound, message })
  }
  if (wanted === undefined) {
    if (json) printJson(invocation, toList(read.value))
    else io.out(describeTargets(read.value, namespace))
    return EXIT.done
  }
  const unknown = whyNot(read.value, wanted)
  if (unknown !== undefined) return refuse(invocation, { code: EXIT.notFound, message: unknown })
  const sent = await send(kubectl, namespace, { ...wanted, id: newID() }, timeout)
  if (sent.kind === 'Refused') return refuse(invocation, sent.refusal)
  const { id: _, ...result } = sent.value
  if (json) printJson(invocation, result)
  else io.out(describeResult(sent.value, io.now(), painter(io.colour)))
  return result.state === 'Sent' ? EXIT.done : EXIT.failed
}

function wantedFrom({ args, flags }: Invocation): TestTarget | 'Wrong' | undefined {
  const { email } = flags
  if (args.length + (email === undefined ? 0 : 1) > 1) return 'Wrong'
  const target = email ?? args[0]
  if (target === undefined) return undefined
  return target.trim() === '' ? 'Wrong' : { channel: email === undefined ? 'Webhook' : 'Email', target }
}

function whyNot({ spec }: Project, wanted: TestTarget): string | undefined {
  const name = visible(wanted.target)
  switch (reachable(spec, wanted)) {
    case 'Yes':
      return undefined
    case 'NoAddress':
      return `The Project has no e-mail address for ${name}: an owner can add one (spec.members, email).`
    case 'Absent': {
      const what = wanted.channel === 'Webhook' ? 'webhook' : 'member'
      const others = testTargets(spec).filter(({ channel }) => channel === wanted.channel)
      const near = nearest(
        wanted.target,
        others.map(({ target }) => target),
      )
      const hint = near === undefined ? '' : ` Did you mean ${visible(near)}?`
      return `The project has no ${what} named ${name}.${hint} What can be tried: kubectl countersign notify-test`
    }
  }
}

type Wanted = TestTarget & { readonly id: string }

/** Asks the operator for the message and waits for what became of it. */
async function send(
  kubectl: Kubectl,
  namespace: string,
  wanted: Wanted,
  timeout: string,
): Promise<Result<TestResult>> {
  const where = `--namespace=${namespace}`
  const annotations = { [ANNOTATIONS.notifyTest]: formatTest(wanted) }
  const patch = JSON.stringify({ metadata: { annotations } })
  const asked = await kubectl(['patch', PROJECT, 'project', '--type=merge', `--patch=${patch}`, where])
  if (asked.code !== 0) return refused(withWho(refusalOf(asked.stderr)))
  const until = `--for=jsonpath={.status.notificationTest.id}=${wanted.id}`
  const waited = await kubectl(['wait', `${PROJECT}/project`, until, `--timeout=${timeout}`, where])
  // It is the Project that says what is true, however the wait ended.
  const read = await readProject(kubectl, namespace)
  if (read.kind === 'Refused') return read
  const result = read.value?.status?.notificationTest
  if (result?.id === wanted.id) return ok(result)
  if (waited.code !== 0 && !/timed out waiting/.test(waited.stderr)) return refused(refusalOf(waited.stderr))
  const last = parseTest(read.value?.metadata.annotations?.[ANNOTATIONS.notifyTest])
  if (last !== undefined && last.id !== wanted.id) {
    const message = `Somebody else asked for a test (${named(last)}) before this one was answered. Try again.`
    return refused({ kind: 'Failed', code: EXIT.failed, message })
  }
  return refused({
    kind: 'Unreachable',
    code: EXIT.unreachable,
    message: `The operator did not say within ${timeout} what became of the test message. See that it runs:\n  kubectl get pods -n countersign-system\nThe message may arrive all the same.`,
  })
}

const withWho = (refusal: Refusal): Refusal =>
  refusal.kind === 'Forbidden'
    ? { ...refusal, message: `${refusal.message} It is for admins and owners of the project.` }
    : refusal
