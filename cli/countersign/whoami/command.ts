import { visible } from '../../../operator/policy/visible.ts'
import { namespaceOf } from '../../command.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import type { Kubectl } from '../../kubectl/kubectl.ts'
import type { Refusal } from '../../kubectl/refusal.ts'
import { askWhoBeside } from '../../requests/person.ts'
import { readProject } from '../../requests/project.ts'
import { decode, type Result } from '../../requests/read.ts'
import { ask } from '../../requests/reviews.ts'
import { painter } from '../../text/paint.ts'
import { type Invocation, kubectlOf, printJson, refuse, wantsJson, wrong } from '../invocation.ts'
import { describeStanding } from './describe.ts'
import { questionsFor, rightsFrom } from './rights.ts'
import { type ProjectSeen, type Standing, standingOf } from './standing.ts'

/** `kubectl countersign whoami`. */
export async function whoami(invocation: Invocation): Promise<ExitCode> {
  const { io } = invocation.environment
  if (invocation.args.length > 0)
    return wrong(invocation, 'whoami takes no names; for another person: --as NAME')
  const json = wantsJson(invocation)
  if (json === undefined) return EXIT.usage
  const kubectl = kubectlOf(invocation)
  const namespace = await namespaceOf(kubectl, invocation.namespace)
  const [read, person] = await askWhoBeside(
    kubectl,
    Promise.all([readProject(kubectl, namespace), ask(kubectl, questionsFor(namespace))]),
  )
  if (person.kind === 'Refused') return refuse(invocation, person.refusal)
  const [project, answers] = read
  const seen = seenOf(project)
  if (seen.kind === 'Failed') return refuse(invocation, seen.refusal)
  // A credential plugin that had to ask for a password had no terminal while it ran beside.
  const rights = rightsFrom(answers) ?? rightsFrom(await ask(kubectl, questionsFor(namespace)))
  if (!rights) {
    const message = `You are ${visible(person.value.name)}, but the API server did not say what you may do.`
    return refuse(invocation, { code: EXIT.failed, message })
  }
  const owners = seen.kind === 'Hidden' ? await boundOwners(kubectl, namespace) : []
  const standing = standingOf(person.value, namespace, seen, rights, owners)
  if (json) printJson(invocation, toJson(standing))
  else io.out(describeStanding(standing, painter(io.colour)))
  return EXIT.done
}

function seenOf(
  read: Awaited<ReturnType<typeof readProject>>,
): ProjectSeen | { readonly kind: 'Failed'; readonly refusal: Refusal } {
  if (read.kind === 'Ok') return read.value ? { kind: 'Read', project: read.value } : { kind: 'None' }
  return read.refusal.kind === 'Forbidden' ? { kind: 'Hidden' } : { kind: 'Failed', refusal: read.refusal }
}

interface Binding {
  readonly subjects?: readonly { readonly kind: string; readonly name: string }[]
}

/** Those whom the operator bound to the role of an owner, where that may be read. */
async function boundOwners(kubectl: Kubectl, namespace: string): Promise<string[]> {
  const what = ['rolebindings.rbac.authorization.k8s.io', 'countersign-owner', '-o=json']
  const read: Result<Binding> = decode(
    await kubectl(['get', ...what, `--namespace=${namespace}`], { silent: true }),
  )
  const subjects = read.kind === 'Ok' ? (read.value.subjects ?? []) : []
  return subjects.map(({ kind, name }) => (kind === 'Group' ? `the group ${name}` : name))
}

const toJson = ({ person, namespace, project, memberships, rights, keys, owners }: Standing) => ({
  name: person.name,
  groups: person.groups,
  project: namespace,
  // Read, None (the namespace is no project) or Hidden (you may not read it).
  projectObject: project,
  roles: memberships.map(({ role, through }) => ({ role, ...through })),
  may: rights,
  keys,
  owners,
})
