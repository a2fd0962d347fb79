import type { Approval } from '../../api/types.ts'
import { Said } from '../../text/text.tsx'

interface Props {
  readonly calls: readonly Approval[]
  /** Those that one may not decide, each with the reason. */
  readonly left: readonly { readonly call: Approval; readonly because: string }[]
}

/** How many calls of which tools, by which agents. Amounts are not added up: each tool means something else by them. */
export function Summary({ calls, left }: Props) {
  const reasons = count(left.map(({ because }) => because))
  return (
    <div className="several-summary">
      <ul>
        {count(calls.map(({ tool, agent }) => `${tool}\n${agent}`)).map(([key, times]) => {
          const [tool = '', agent = ''] = key.split('\n')
          return (
            <li key={key}>
              <strong>{times.toLocaleString('en')} ×</strong>{' '}
              <code className="tool">
                <Said text={tool} />
              </code>{' '}
              <span className="faint">by {agent}</span>
            </li>
          )
        })}
      </ul>
      {reasons.map(([because, times]) => (
        <p key={because} className="folded-parts">
          {times === 1 ? '1 is' : `${times.toLocaleString('en')} are`} left out: {because}
        </p>
      ))}
    </div>
  )
}

function count(list: readonly string[]): [string, number][] {
  const found = new Map<string, number>()
  for (const one of list) found.set(one, (found.get(one) ?? 0) + 1)
  return [...found].sort((a, b) => b[1] - a[1])
}
