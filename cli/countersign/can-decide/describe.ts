import type { ApprovalRequest } from '../../../crds/v1alpha1/approvalrequest.ts'
import { isUndecidable, progressOf } from '../../../operator/policy/decisions.ts'
import { visible } from '../../../operator/policy/visible.ts'
import { expiry } from '../../decide/judge.ts'
import type { Person } from '../../requests/person.ts'
import { expiresAt } from '../../requests/time.ts'
import { duration } from '../../text/duration.ts'
import type { Paint } from '../../text/paint.ts'
import { table } from '../../text/table.ts'
import type { Answer } from './answer.ts'
import type { Barred, Candidate, People } from './people.ts'

/** `Yes: ...` or `No: ...`, and of whom that is said. */
export function verdictLines(answer: Answer, person: Person, paint: Paint): string[] {
  const me = visible(person.name)
  if (!answer.may) return [`${paint('red', 'No')}: ${answer.text}.`, `You are ${me}.`]
  return [`${paint('green', 'Yes')}: you, ${me}, may decide it${answer.text ? `,\n${answer.text}` : ''}.`]
}

/** The whole answer for a person. Ends with a line break. */
export function describeAnswer(
  request: ApprovalRequest,
  person: Person,
  answer: Answer,
  people: People,
  now: number,
  paint: Paint,
): string {
  const { metadata } = request
  const pending = request.status.phase === 'Pending'
  const sections = [
    verdictLines(answer, person, paint),
    [`${metadata.name}: ${visible(request.spec.tool)}, ${phase(request, now)}`, approvals(request)],
    ...(pending ? [whoMay(request, person, people)] : []),
    ...(pending && people.mayNot.length > 0 ? [['Who may not:', ...rows(people.mayNot, person)]] : []),
    ...(pending && people.stuck !== undefined ? [stuck(request, people, people.stuck)] : []),
    ...(answer.may ? [commands(request)] : []),
  ]
  return `${sections.map(lines => lines.join('\n')).join('\n\n')}\n`
}

function phase(request: ApprovalRequest, now: number): string {
  if (request.status.phase !== 'Pending') return request.status.phase
  const left = expiresAt(request) - now
  return left > 0 ? `pending, ${duration(left)} left` : `its time is over (${expiry(request, now)})`
}

function approvals(request: ApprovalRequest): string {
  const { given, required, by } = progressOf(request)
  const who = by.length === 0 ? '' : `, by ${by.map(visible).join(', ')}`
  const self = request.spec.allowSelfApproval
    ? ''
    : `\nWho started the run may not decide; that was ${visible(request.spec.requestedBy ?? 'somebody unknown')}.`
  return `Approvals: ${given} of ${required}${who}${self}`
}

const WHY: Readonly<Record<Barred, string>> = {
  Decided: 'has decided already',
  Starter: 'started the run',
  StarterUnknown: 'may have started the run',
  NoRight: 'RBAC does not let them (yet)',
}

const rows = (candidates: readonly Candidate[], person: Person): string[] => {
  const cells = candidates.map(({ kind, name, from, barred }) => {
    const you = kind === 'User' ? name === person.name : person.groups.includes(name)
    const mark = you ? (kind === 'User' ? ' (you)' : ' (you are in it)') : ''
    return [
      `  ${kind === 'Group' ? 'group ' : ''}${visible(name)}${mark}`,
      `${visible(from)}${barred ? `; ${WHY[barred]}` : ''}`,
    ]
  })
  return cells.length === 0
    ? []
    : table(cells[0] ?? [], cells.slice(1))
        .trimEnd()
        .split('\n')
}

function whoMay(request: ApprovalRequest, person: Person, { may, complete, stuck }: People): string[] {
  const others = complete ? [] : ['  and whoever else RBAC lets, which you may not read as a whole']
  const found = rows(may, person)
  const nobody = found.length === 0 && (complete || stuck !== undefined)
  const groups = may.some(({ kind }) => kind === 'Group')
  const started = !request.spec.allowSelfApproval && groups ? ', and did not start the run' : ''
  return [
    'Who may decide now:',
    ...found,
    ...(nobody ? ['  nobody that can be seen'] : []),
    ...(groups ? [`  (of a group, everybody who has not decided yet${started})`] : []),
    ...others,
  ]
}

const stuck = (request: ApprovalRequest, { complete }: People, why: string): string[] => [
  ...(complete ? [] : ['As far as you may read:']),
  why.replace(': ', ':\n'),
  isUndecidable(request.spec)
    ? 'Cancel the run, and start it again with spec.requestedBy set.'
    : 'An owner can add members to the Project, or an Admin can cancel the run.',
]

const commands = ({ metadata: { name, namespace } }: ApprovalRequest): string[] => [
  'Decide:',
  `  kubectl approve ${name} -n ${namespace}`,
  `  kubectl reject ${name} -n ${namespace} --reason '...'`,
]
