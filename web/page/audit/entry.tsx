import { CopyButton } from '@mantine/core'
import type { ReactNode } from 'react'
import type { AuditEntry } from '../api/types.ts'
import { Gates } from '../approvals/gates.tsx'
import { JsonView } from '../json/json-view.tsx'
import { exactly } from '../lists/ago.ts'
import { useHere } from '../live/hooks.ts'
import { usePlace } from '../router.ts'
import { Link } from '../shell/shell.tsx'
import { Said } from '../text/text.tsx'
import { ChangedObject } from './changed-object.tsx'
import { actionWords, actorWords } from './words.ts'
import './entry.css'

/** An entry of the audit log with everything that is on record. `more`: what is known of it besides. */
export function EntryDetail({ entry, more }: { entry: AuditEntry; more?: ReactNode }) {
  const { project } = useHere()
  const place = usePlace()
  const { agent, agentGeneration, run, approvalRequest, tool, actor, via, reason, outcome, object } = entry
  const { params, gates, context, paramsDigest, callDigest } = entry
  return (
    <div className="entry">
      <dl className="entry-facts">
        <Fact name="When">{exactly(entry.time)}</Fact>
        <Fact name="What">{actionWords[entry.action]}</Fact>
        <Fact name="By">
          <Said text={actorWords(actor)} />
          {actor !== undefined && actorWords(actor) !== actor && <small className="faint"> {actor}</small>}
        </Fact>
        {via !== undefined && (
          <Fact name="Via">
            <Said text={via} />
          </Fact>
        )}
        {tool !== undefined && (
          <Fact name="Tool">
            <code>
              <Said text={tool} />
            </code>
          </Fact>
        )}
        {agent !== undefined && (
          <Fact name="Agent">
            <Link place={{ project, section: 'agents', name: agent }}>{agent}</Link>
            {agentGeneration !== undefined && <small className="faint"> generation {agentGeneration}</small>}
          </Fact>
        )}
        {run !== undefined && (
          <Fact name="Run">
            <Link place={{ ...place, run }}>{run}</Link>
          </Fact>
        )}
        {approvalRequest !== undefined && (
          <Fact name="Request">
            <Link place={{ project, section: 'approvals', name: approvalRequest }}>{approvalRequest}</Link>
          </Fact>
        )}
        {outcome !== undefined && (
          <Fact name="Outcome">
            <Said text={outcome} />
          </Fact>
        )}
        {reason !== undefined && (
          <Fact name="Reason" wide>
            <Said text={reason} />
          </Fact>
        )}
      </dl>
      {more}
      {object !== undefined && <ChangedObject object={object} />}
      {params !== undefined && (
        <Part title="Parameters, exactly">
          <JsonView value={params} />
        </Part>
      )}
      {gates !== undefined && gates.length > 0 && (
        <Part title="Gates that stopped it">
          <Gates gates={gates} />
        </Part>
      )}
      {context !== undefined && (
        <Part title="Context of the run">
          <JsonView value={context} />
        </Part>
      )}
      <dl className="entry-facts digests">
        {callDigest !== undefined && <Digest name="Call digest" value={callDigest} />}
        {paramsDigest !== undefined && <Digest name="Parameters digest" value={paramsDigest} />}
        <Fact name="On record">
          no. {entry.seq} in <code>{entry.record}</code>
        </Fact>
      </dl>
    </div>
  )
}

export function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section>
      <h3>{title}</h3>
      {children}
    </section>
  )
}

function Fact({ name, wide = false, children }: { name: string; wide?: boolean; children: ReactNode }) {
  return (
    <div data-wide={wide}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function Digest({ name, value }: { name: string; value: string }) {
  return (
    <Fact name={name} wide>
      <code>{value}</code>{' '}
      <CopyButton value={value}>
        {({ copied, copy }) => (
          <button type="button" className="fold" aria-label={`Copy the ${name.toLowerCase()}`} onClick={copy}>
            {copied ? 'copied' : 'copy'}
          </button>
        )}
      </CopyButton>
    </Fact>
  )
}
