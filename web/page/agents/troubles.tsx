import { CopyButton } from '@mantine/core'
import type { Agent } from '../api/types.ts'
import { inWords } from '../lists/in-words.ts'
import { Said } from '../text/text.tsx'
import { type Trouble, troublesOf } from './advice.ts'

/** What is wrong with an agent, whether its runs wait because of it, and what to do. */
export function Troubles({ agent }: { agent: Agent }) {
  const troubles = troublesOf(agent)
  if (troubles.length === 0) return null
  return (
    <ul className="agent-troubles" aria-label={`What is wrong with ${agent.name}`}>
      {troubles.map(trouble => (
        <li key={trouble.condition} data-stops={trouble.stops}>
          <One trouble={trouble} />
        </li>
      ))}
    </ul>
  )
}

function One({ trouble }: { trouble: Trouble }) {
  const { condition, reason, message, advice, command, stops } = trouble
  return (
    <>
      <p>
        <strong>{inWords(reason)}</strong>{' '}
        <span className="faint">
          {condition === 'Ready' ? '' : `(${condition}) `}
          {stops
            ? 'Its runs wait.'
            : reason === 'ToolsChanged'
              ? 'These calls wait, its runs go on.'
              : 'Its runs go on.'}
        </span>
      </p>
      <p>
        <Said text={message} />
      </p>
      {advice !== '' && <p>{advice}</p>}
      {command !== undefined && (
        <CopyButton value={command}>
          {({ copied, copy }) => (
            <p className="command">
              <code>{command}</code>
              <button type="button" className="fold" aria-label="Copy the command" onClick={copy}>
                {copied ? 'copied' : 'copy'}
              </button>
            </p>
          )}
        </CopyButton>
      )}
    </>
  )
}
