import { visible } from '../../../operator/policy/visible.ts'
import type { Paint } from '../../text/paint.ts'
import { ACTS, type ActName } from './rights.ts'
import { isNoPerson, type Standing } from './standing.ts'

const shown = (groups: readonly string[]): string => groups.map(visible).join(', ')

/** The answer of `kubectl countersign whoami`, for a person. Ends with a line break. */
export function describeStanding(standing: Standing, paint: Paint): string {
  const { person, namespace } = standing
  const groups = person.groups.filter(group => group !== 'system:authenticated')
  const nobody = standing.memberships.length === 0 && !Object.values(standing.rights).includes(true)
  const sections = [
    [
      `You are ${paint('bold', visible(person.name))}${groups.length > 0 ? '' : ', in no group'}.`,
      ...(groups.length > 0 ? [`Your groups: ${shown(groups)}`] : []),
    ],
    [`Project ${paint('bold', namespace)}: ${role(standing, nobody)}`, ...asides(standing)],
    ...(nobody ? [] : [acts(standing, paint), keys(standing)]),
    ...(nobody ? [[`Another project: kubectl countersign whoami -n NAMESPACE`]] : []),
  ]
  return `${sections
    .filter(lines => lines.length > 0)
    .map(lines => lines.join('\n'))
    .join('\n\n')}\n`
}

function role(standing: Standing, nobody: boolean): string {
  const { memberships, project, rights } = standing
  const roles = memberships.map(({ role, through }) =>
    'user' in through ? `${role}, by your name` : `${role}, through the group ${visible(through.group)}`,
  )
  if (roles.length > 0) return `you are ${roles.join('; and ')}.`
  if (project === 'None') {
    const much = nobody ? ' and you have no right of Countersign in this namespace' : ''
    return `there is none in this namespace${much}.`
  }
  if (nobody) return 'you are nobody here.'
  if (project === 'Hidden') return 'you have rights here; the Project you may not read.'
  const all = Object.values(rights).every(Boolean)
  return `you are no member. ${all ? 'All' : 'What'} that you may do comes from elsewhere in RBAC${all ? ' (as a cluster-admin has it)' : ''}.`
}

function asides({ behind, memberships, rights, project, owners, namespace }: Standing): string[] {
  const lines: string[] = []
  const lacking = memberships.length > 0 && !(rights.read && rights.startRuns)
  if (lacking || behind) {
    lines.push(
      behind
        ? 'The Project was changed just now, and the operator has not put that in force yet.'
        : 'Not all of that is in force: the RoleBindings of the operator say otherwise. If it\nstays so, look at: kubectl describe project project -n ' +
            namespace,
    )
  }
  if (memberships.length === 0 && project !== 'None') {
    lines.push(
      owners.length > 0
        ? `To become a member, ask an owner: ${owners.map(visible).join(', ')}.`
        : 'To become a member, ask one of its owners. (You may not read who they are.)',
    )
  }
  return lines
}

function acts(standing: Standing, paint: Paint): string[] {
  const names = Object.keys(ACTS) as ActName[]
  return [
    'You may here:',
    ...names.map(name => {
      return `  ${standing.rights[name] ? paint('green', 'yes') : 'no '}  ${ACTS[name].does}${caveat(standing, name)}`
    }),
  ]
}

const caveat = ({ person }: Standing, name: ActName): string =>
  name === 'decide' && isNoPerson(person)
    ? '\n       (ServiceAccounts and components of the system never decide)'
    : ''

function keys({ keys: may, person, owners }: Standing): string[] {
  const create = 'kubectl countersign keys create --name NAME'
  switch (may) {
    case 'Yes':
      return [`API keys of yours act as ${visible(person.name)}, without your groups:`, `  ${create}`]
    case 'OnlyThroughGroup':
      return [
        'API keys: none, as they act by name and without groups. Have an owner',
        `(${owners.map(visible).join(', ')}) name you in the Project:`,
        `  user: ${visible(person.name)}`,
      ]
    case 'NotMember':
      return ['API keys: none, as the Project does not name you.']
    case 'NotAPerson':
      return ['API keys: none, as they are for people.']
    case 'Unknown':
      return []
  }
}
