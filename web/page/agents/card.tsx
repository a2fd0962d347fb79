import { Badge } from '@mantine/core'
import { useEffect, useRef } from 'react'
import type { Agent } from '../api/types.ts'
import { useHere } from '../live/hooks.ts'
import { Link } from '../shell/shell.tsx'
import { Said } from '../text/text.tsx'
import type { AnyGate } from './gates.ts'
import { Policy } from './policy.tsx'
import { Tools } from './tools.tsx'
import { Troubles } from './troubles.tsx'

const readiness = {
  True: ['teal', 'Ready'],
  False: ['red', 'Not ready'],
  Unknown: ['gray', 'Not looked at yet'],
} as const

interface Props {
  readonly agent: Agent
  /** Undefined where they are not known. */
  readonly projectGates: readonly AnyGate[] | undefined
  /** Whether the address names it. */
  readonly chosen: boolean
}

/** An agent: what it is, whether it is ready, and which of its calls people countersign. */
export function AgentCard({ agent, projectGates, chosen }: Props) {
  const { project } = useHere()
  const { name, description, model, ready, generation } = agent
  const [color, words] = readiness[ready]
  const card = useRef<HTMLElement>(null)
  useEffect(() => {
    if (chosen) card.current?.scrollIntoView({ block: 'start' })
  }, [chosen])
  return (
    <article className="agent" aria-label={`Agent ${name}`} data-chosen={chosen} ref={card}>
      <header>
        <h2>{name}</h2>
        <Badge component="span" color={color} variant="light">
          {words}
        </Badge>
      </header>
      {description !== undefined && (
        <p>
          <Said text={description} />
        </p>
      )}
      <p className="faint">
        <Said text={model.name} /> · {model.provider}
        {generation !== undefined && ` · generation ${generation}`}
      </p>
      <Troubles agent={agent} />
      <Tools agent={agent} projectGates={projectGates} />
      <Policy approval={agent.approval} />
      <nav className="agent-links" aria-label={`More of ${name}`}>
        <Link place={{ project, section: 'runs', query: { agent: name } }}>Its runs</Link>
        <Link place={{ project, section: 'approvals', query: { agent: name } }}>What was decided</Link>
        <Link place={{ project, section: 'audit', query: { agent: name } }}>Audit log</Link>
      </nav>
    </article>
  )
}
