import type { ApprovalRequest } from '../../../crds/v1alpha1/approvalrequest.ts'
import { GROUP } from '../../../crds/v1alpha1/meta.ts'
import { progressOf } from '../../../operator/policy/decisions.ts'
import { visible } from '../../../operator/policy/visible.ts'
import { namespaceOf } from '../../command.ts'
import { sendDecision } from '../../decide/send.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import { requestNames } from '../../flags/parse.ts'
import type { Kubectl } from '../../kubectl/kubectl.ts'
import type { Refusal } from '../../kubectl/refusal.ts'
import { approversOf, readRbac } from '../../requests/access.ts'
import { askWhoBeside, type Person } from '../../requests/person.ts'
import { ownersOf, readProject } from '../../requests/project.ts'
import { readRequests } from '../../requests/read.ts'
import { ask, type Question } from '../../requests/reviews.ts'
import { painter } from '../../text/paint.ts'
import { type Invocation, kubectlOf, printJson, refuse, wantsJson, wrong } from '../invocation.ts'
import { type Answer, answerFromRequest, answerFromTrial } from './answer.ts'
import { describeAnswer, verdictLines } from './describe.ts'
import { candidatesOf, type People, peopleFor } from './people.ts'

/** `kubectl countersign can-decide NAME`. */
export async function canDecide(invocation: Invocation): Promise<ExitCode> {
  const { io } = invocation.environment
  const { names, wrong: noName } = requestNames(invocation.args)
  if (noName !== undefined)
    return wrong(invocation, `${visible(JSON.stringify(noName))} cannot be the name of a request.`)
  const [name] = names
  if (name === undefined || names.length > 1) {
    return wrong(invocation, 'can-decide takes the name of one request; what waits: kubectl approvals')
  }
  const json = wantsJson(invocation)
  if (json === undefined) return EXIT.usage
  const kubectl = kubectlOf(invocation)
  const [read, asked] = await askWhoBeside(kubectl, readRequests(kubectl, [name]))
  if (asked.kind === 'Refused') return refuse(invocation, asked.refusal)
  const person = asked.value
  if (read.kind === 'Refused') {
    if (read.refusal.kind !== 'Forbidden') return refuse(invocation, read.refusal)
    return stranger(invocation, kubectl, name, person, read.refusal, json)
  }
  const request = read.value[0]
  if (!request) {
    const namespace = await namespaceOf(kubectl, invocation.namespace)
    const message = `There is no approval request ${name} in namespace ${namespace}. What waits: kubectl approvals -n ${namespace}`
    return refuse(invocation, { message, code: EXIT.notFound })
  }
  const known = answerFromRequest(request, person, io.now())
  const [answer, people] = await Promise.all([
    known ?? tryToDecide(kubectl, request, person, io.now()),
    findPeople(kubectl, request),
  ])
  if ('failed' in answer) return refuse(invocation, answer.failed)
  if (json) printJson(invocation, toJson(request, person, answer, people.people))
  else {
    io.out(describeAnswer(request, person, answer, people.people, io.now(), painter(io.colour)))
    if (!answer.may && answer.reason === 'NoRight') io.out(`\n${whomToAsk(people.owners)}\n`)
  }
  return answer.code
}

/** Tries the person's own decision on the API server, which asks its policies and then forgets it. */
async function tryToDecide(
  kubectl: Kubectl,
  request: ApprovalRequest,
  person: Person,
  now: number,
): Promise<Answer | { readonly failed: Refusal }> {
  const decidedAt = new Date(now).toISOString()
  const decision = { reviewer: person.name, verdict: 'Approve', decidedAt, via: 'Kubectl' } as const
  return answerFromTrial(request, person, await sendDecision(kubectl, request, decision, 'Try'))
}

interface Found {
  readonly people: People
  readonly owners: readonly string[]
}

async function findPeople(kubectl: Kubectl, request: ApprovalRequest): Promise<Found> {
  const { name, namespace = 'default' } = request.metadata
  const [project, rbac] = await Promise.all([readProject(kubectl, namespace), readRbac(kubectl, namespace)])
  const members = project.kind === 'Ok' ? (project.value?.spec.members ?? []) : []
  const approvers = approversOf(rbac.objects, name)
  const candidates = candidatesOf({ members, approvers })
  const questions = candidates.flatMap(({ kind, name: subject }): Question[] =>
    [['approve', 'approvalrequests'] as const, ['patch', 'approvalrequests/status'] as const].map(
      ([verb, resource]) => ({
        verb,
        resource,
        group: GROUP,
        namespace,
        name,
        subject: { kind, name: subject },
      }),
    ),
  )
  const answers = await ask(kubectl, questions)
  const said = new Map(
    candidates.map((candidate, i) => {
      const [approve, patch] = answers.slice(2 * i)
      const holds = approve === undefined || patch === undefined ? undefined : approve && patch
      return [`${candidate.kind}/${candidate.name}`, holds]
    }),
  )
  const people = peopleFor(request, {
    members,
    approvers,
    complete: rbac.whole,
    holds: ({ kind, name: who }) => said.get(`${kind}/${who}`),
  })
  return { people, owners: ownersOf(members) }
}

const whomToAsk = (owners: readonly string[]): string =>
  owners.length === 0
    ? 'Ask an owner of the project to decide, or to make you a member. Who you are here:\n  kubectl countersign whoami'
    : `Ask an owner to decide, or to make you a member: ${owners.map(visible).join(', ')}.`

/** What is said to somebody who may not even read the request. */
async function stranger(
  invocation: Invocation,
  kubectl: Kubectl,
  name: string,
  person: Person,
  refusal: Refusal,
  json: boolean,
): Promise<ExitCode> {
  const { io } = invocation.environment
  const namespace = await namespaceOf(kubectl, invocation.namespace)
  const text = refusal.message.replace(/\.$/, '')
  const answer: Answer = { may: false, code: EXIT.forbidden, reason: 'NoRight', text }
  if (json) {
    const me = { may: false, reason: answer.reason, message: text, you: person.name }
    printJson(invocation, { name, project: namespace, ...me })
    return answer.code
  }
  const project = await readProject(kubectl, namespace)
  const owners = project.kind === 'Ok' ? ownersOf(project.value?.spec.members ?? []) : []
  const elsewhere = 'For another project add -n NAMESPACE.'
  io.out(
    `${verdictLines(answer, person, painter(io.colour)).join('\n')}\n\n${whomToAsk(owners)}\n${elsewhere}\n`,
  )
  return answer.code
}

function toJson(request: ApprovalRequest, person: Person, answer: Answer, people: People) {
  const { given, required, by } = progressOf(request)
  return {
    name: request.metadata.name,
    project: request.metadata.namespace,
    phase: request.status.phase,
    you: person.name,
    may: answer.may,
    ...(answer.may ? {} : { reason: answer.reason, message: answer.text }),
    approvals: { given, required, by },
    whoMay: request.status.phase === 'Pending' ? people.may : [],
    whoMayNot: people.mayNot,
    // Whether nobody else may: false where RBAC could not be read as a whole.
    complete: people.complete,
    ...(people.stuck === undefined ? {} : { stuck: people.stuck }),
  }
}
