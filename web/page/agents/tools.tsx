import type { Agent } from '../api/types.ts'
import { Said } from '../text/text.tsx'
import { changedTools } from './advice.ts'
import { type AnyGate, gatesOf, gatesOfNothing, type OwnedGate } from './gates.ts'

interface Props {
  readonly agent: Agent
  readonly projectGates: readonly AnyGate[] | undefined
}

/** The tools of an agent, each with every gate that its calls are put to. */
export function Tools({ agent, projectGates }: Props) {
  const { tools, approval, name } = agent
  const own = approval?.tools ?? []
  const changed = changedTools(agent)
  const unmatched = gatesOfNothing(
    own,
    tools.map(tool => tool.name),
  )
  if (tools.length === 0 && unmatched.length === 0) {
    return (
      <p className="faint">{agent.ready === 'True' ? 'It has no tools.' : 'Its tools are not known yet.'}</p>
    )
  }
  return (
    <section aria-label={`Tools of ${name}`}>
      <h3>Tools, and what stops their calls</h3>
      <ul className="tools">
        {tools.map(tool => (
          <li key={tool.name} data-gate={tool.gate}>
            <code>
              <Said text={tool.name} />
            </code>
            {changed.has(tool.name) && (
              <span className="changed-tool">waits for a person: it is not what was pinned</span>
            )}
            <Stopped
              gate={tool.gate}
              gates={gatesOf(tool.name, own, projectGates ?? [])}
              changed={changed.has(tool.name)}
            />
          </li>
        ))}
        {unmatched.map(({ name, when }) => (
          <li key={`${name} ${when ?? ''}`}>
            <code>
              <Said text={name} />
            </code>
            <span className="trouble">a gate, but no tool of this agent</span>
          </li>
        ))}
      </ul>
    </section>
  )
}

interface StoppedProps {
  readonly gate: Agent['tools'][number]['gate']
  readonly gates: readonly OwnedGate[]
  readonly changed: boolean
}

function Stopped({ gate, gates, changed }: StoppedProps) {
  if (gates.length > 0) {
    return (
      <ul className="tool-gates">
        {gates.map(({ name, from, when }) => (
          <li key={`${from} ${name} ${when ?? ''}`}>
            {when === undefined ? (
              'always waits for a person'
            ) : (
              <>
                waits if{' '}
                <code className="when">
                  <Said text={when} />
                </code>
              </>
            )}{' '}
            <span className="mark-from" title={`gate ${name}`}>
              {from}
            </span>
          </li>
        ))}
      </ul>
    )
  }
  // The operator knows of a gate that is not known here.
  if (gate !== 'None') return <span>waits for a person, by a gate of the project</span>
  return changed ? null : <span className="faint">runs by itself</span>
}
