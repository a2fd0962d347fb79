import type { Agent } from '../api/types.ts'

/** What is wrong with an agent, and what to do about it. */
export interface Trouble {
  readonly condition: string
  readonly reason: string
  readonly message: string
  readonly advice: string
  /** A command that does it. */
  readonly command?: string
  /** Whether its runs wait because of it. */
  readonly stops: boolean
}

/** By the reasons of operator/controllers/agent/decide.ts. */
const advices: Readonly<Record<string, string>> = {
  Pending: 'The operator looks at it within seconds. If this stays, see whether the operator runs.',
  InvalidCondition:
    'Correct the condition in spec.approval.tools of the Agent: docs/conditions.md says what may be written.',
  InvalidRedactPath: 'Correct the path in spec.approval.redact of the Agent, such as param.card_number.',
  SecretNotFound: 'Create the Secret in this project, or name another one in the Agent.',
  SecretNotLabelled: 'Whoever owns the Secret allows its use by the label countersign.dev/use: "true".',
  SecretNotForHost: 'Whoever owns the Secret names the host in its annotation countersign.dev/hosts.',
  SecretKeyMissing: 'Add the key to the Secret, or name another key in the Agent.',
  UnknownTool:
    'Correct the name in spec.approval.tools of the Agent. A gate that is wrong stops the agent: it never lets a call through.',
  ToolsetUnavailable:
    'See whether the server of the toolset runs, and whether the operator may reach it. It is asked again by itself.',
  ToolsChanged:
    'Look at what the tools are now. Whoever may edit the agent accepts them by changing its spec, or by:',
}

/** Everything that is not as it should be, worst first; nothing where all is well. */
export function troublesOf({
  name,
  project,
  ready,
  reason,
  detail,
  conditions,
  toolsHash,
}: Agent): Trouble[] {
  const wrong = conditions.filter(({ type, status }) => type !== 'Ready' && status === 'False')
  const found = wrong.map(({ type, reason, message }): Trouble => {
    const accepts = reason === 'ToolsChanged' && toolsHash !== undefined
    return {
      condition: type,
      reason,
      message,
      advice: advices[reason] ?? '',
      // The Ready condition carries the reason of what stops the agent; a remark stops nothing.
      stops: ready !== 'True' && conditions.some(one => one.type === 'Ready' && one.reason === reason),
      ...(accepts
        ? {
            command: `kubectl annotate agent ${name} -n ${project} --overwrite countersign.dev/accept-tools=${toolsHash}`,
          }
        : {}),
    }
  })
  if (ready !== 'True' && !found.some(({ stops }) => stops)) {
    const why = reason ?? 'Pending'
    found.push({
      condition: 'Ready',
      reason: why,
      message: detail ?? 'the operator has not looked at it yet',
      advice: advices[why] ?? '',
      stops: true,
    })
  }
  return found.sort((a, b) => Number(b.stops) - Number(a.stops))
}

/** The tools that are not what was pinned, by the words of the condition: each call of them waits. */
export function changedTools({ conditions }: Agent): ReadonlySet<string> {
  const changed = conditions.find(({ type, status }) => type === 'ToolsUnchanged' && status === 'False')
  const [, names = ''] = /^each call of (.+) waits for approval: /.exec(changed?.message ?? '') ?? []
  return new Set(names.split(', '))
}
