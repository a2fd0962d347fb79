import type { ApprovalRequest } from '../../crds/v1alpha1/approvalrequest.ts'
import { type CommandEnvironment, namespaceOf } from '../command.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import type { Kubectl } from '../kubectl/kubectl.ts'
import { mayDecide, readApprovers } from '../requests/access.ts'
import { readEvents } from '../requests/events.ts'
import { askWhoBeside } from '../requests/person.ts'
import { readRequests } from '../requests/read.ts'
import { painter } from '../text/paint.ts'
import { describeRequest, type Surroundings } from './describe.ts'

/** Prints each of these requests in full. */
export async function describeNamed(
  kubectl: Kubectl,
  { io }: CommandEnvironment,
  names: readonly string[],
  typedNamespace: string | undefined,
): Promise<ExitCode> {
  const [read, person] = await askWhoBeside(kubectl, readRequests(kubectl, names))
  if (read.kind === 'Refused') {
    io.err(`${read.refusal.message}\n`)
    return read.refusal.code
  }
  const texts: string[] = []
  for (const request of read.value) {
    const around = {
      ...(await surroundings(kubectl, request)),
      ...(person.kind === 'Ok' ? { person: person.value } : {}),
    }
    texts.push(describeRequest(request, around, io.now(), painter(io.colour)))
  }
  io.out(texts.join('\n\n'))
  const missing = names.filter(name => !read.value.some(request => request.metadata.name === name))
  if (missing.length === 0) return EXIT.done
  const namespace = read.value[0]?.metadata.namespace ?? (await namespaceOf(kubectl, typedNamespace))
  for (const name of missing) io.err(`There is no approval request ${name} in namespace ${namespace}.\n`)
  return EXIT.notFound
}

async function surroundings(kubectl: Kubectl, request: ApprovalRequest): Promise<Surroundings> {
  const { name, namespace = 'default' } = request.metadata
  const [holdsRight, approvers, events] = await Promise.all([
    mayDecide(kubectl, namespace, name),
    readApprovers(kubectl, namespace, name),
    readEvents(kubectl, request),
  ])
  return { holdsRight, approvers, events }
}
