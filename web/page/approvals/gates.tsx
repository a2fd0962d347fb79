import type { Gate } from '../api/types.ts'
import { JsonView } from '../json/json-view.tsx'
import { Said } from '../text/text.tsx'

const why: Readonly<Record<Gate['outcome'], string>> = {
  Always: 'Every call of this tool is stopped.',
  ConditionTrue: 'Its condition holds.',
  ConditionUnknown: 'Its condition could not be evaluated, so a person decides.',
  ToolChanged: 'The tool is not the one that was pinned.',
}

/** The gates that stopped a call, each with the values that made it. */
export function Gates({ gates }: { gates: readonly Gate[] }) {
  return (
    <ul className="gates">
      {gates.map(({ name, from, when, outcome, detail, values }) => (
        <li key={`${from} ${name} ${when ?? ''}`} data-outcome={outcome}>
          <p>
            {why[outcome]}{' '}
            <span className="faint">
              Gate <code>{name}</code> of the {from === 'Agent' ? 'agent' : 'project'}.
            </span>
          </p>
          {when !== undefined && (
            <p className="condition">
              <Said text={when} />
            </p>
          )}
          {detail !== undefined && (
            <p className="trouble">
              <Said text={detail} />
            </p>
          )}
          {values !== undefined && Object.keys(values).length > 0 && <JsonView value={values} depth={1} />}
        </li>
      ))}
    </ul>
  )
}
