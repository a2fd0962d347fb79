import { Button } from '@mantine/core'
import { useMemo, useState } from 'react'
import type { ApiKey } from '../api/types.ts'
import { PagedList } from '../lists/list.tsx'
import { type Column, Table } from '../lists/table.tsx'
import { When } from '../lists/when.tsx'
import { useHere, useNow } from '../live/hooks.ts'
import { type PagedOptions, usePaged } from '../live/paged.ts'
import { Said } from '../text/text.tsx'
import { MadeKey, type NewKey } from './made-key.tsx'
import { MakeKey } from './make-key.tsx'
import { RevokeKey } from './revoke-key.tsx'
import './keys.css'

const list: Omit<PagedOptions<ApiKey>, 'filter'> = {
  path: 'apikeys',
  limit: 100,
  asked: () => ({}),
  compare: (a, b) => newer(a.createdAt, b.createdAt) || newer(a.id, b.id),
  // Each key that is made or revoked, by whomever, is recorded there.
  concerns: ({ type }) => type === 'AuditAppended',
}

/** As the gateway sorts. */
const newer = (a: string, b: string): number => (a === b ? 0 : a < b ? 1 : -1)

const noFilters = { query: {}, set: false, change: () => {}, clear: () => {} }

/** API keys of the project: one's own, and to an owner everybody's. */
export function KeysPage() {
  const [making, setMaking] = useState(false)
  const [made, setMade] = useState<NewKey>()
  const [revoking, setRevoking] = useState<ApiKey>()
  const [notice, setNotice] = useState<string>()
  // What one has done oneself is read at once.
  const [done, setDone] = useState(0)
  const paged = usePaged({ ...list, filter: { done: String(done) } })
  const columns = useMemo(() => columnsWith(setRevoking), [])
  const make = () => {
    setNotice(undefined)
    setMaking(true)
  }
  return (
    <section className="page">
      <div className="page-head">
        <h1>API keys</h1>
        <span className="page-tools">
          <Button size="xs" onClick={make}>
            Make a key
          </Button>
        </span>
      </div>
      <p className="keys-intro faint">
        A key lets a script do in this project what you may: read, start runs, decide. It acts under your
        name, and no further than you may at that moment. You see your own; an owner sees everybody’s.
      </p>
      {notice !== undefined && (
        <p className="keys-notice" role="status">
          {notice}
        </p>
      )}
      <PagedList paged={paged} filters={noFilters} what={['key', 'keys']} empty={<NoKeys />}>
        {items => <Table label="API keys" columns={columns} items={items} changing={false} idOf={idOf} />}
      </PagedList>
      {making && (
        <MakeKey
          onClose={() => setMaking(false)}
          onMade={key => {
            setMaking(false)
            setMade(key)
            setDone(count => count + 1)
          }}
        />
      )}
      {made !== undefined && (
        <MadeKey
          made={made}
          onClose={() => {
            setNotice(
              `The key “${made.name}” works. It cannot be shown again: if you did not keep it, revoke it and make another.`,
            )
            setMade(undefined)
          }}
        />
      )}
      {revoking !== undefined && (
        <RevokeKey
          apiKey={revoking}
          onClose={() => setRevoking(undefined)}
          onRevoked={words => {
            setRevoking(undefined)
            setNotice(words)
            setDone(count => count + 1)
          }}
        />
      )}
    </section>
  )
}

const idOf = ({ id }: ApiKey): string => id

const columnsWith = (revoke: (key: ApiKey) => void): readonly Column<ApiKey>[] => [
  {
    title: 'Key',
    words: true,
    of: ({ name, id, madeWith }) => (
      <>
        <strong>
          <Said text={name} />
        </strong>
        <div className="faint">
          <code>{id}</code>
          {madeWith !== undefined && (
            <>
              , made with <code>{madeWith}</code> and ending with it
            </>
          )}
        </div>
      </>
    ),
  },
  { title: 'User', of: ({ user }) => <Said text={user} /> },
  { title: 'May', words: true, of: key => <May apiKey={key} /> },
  { title: 'Made', of: ({ createdAt }) => <When time={createdAt} /> },
  { title: 'Works until', of: ({ expiresAt }) => <Until time={expiresAt} /> },
  {
    title: 'Last used',
    of: ({ lastUsedAt }) => (lastUsedAt === undefined ? 'never' : <When time={lastUsedAt} />),
  },
  {
    title: 'Revoke',
    of: key => (
      <Button
        size="compact-xs"
        variant="default"
        aria-label={`Revoke ${key.name} (${key.id})`}
        onClick={() => revoke(key)}
      >
        Revoke…
      </Button>
    ),
  },
]

function May({ apiKey: { readOnly, agents } }: { apiKey: ApiKey }) {
  return (
    <>
      {readOnly ? 'read only' : 'what its user may'}
      {agents !== undefined && (
        <div className="faint">
          for {agents.length === 1 ? 'the agent' : 'the agents'} <Said text={agents.join(', ')} />
        </div>
      )}
    </>
  )
}

function Until({ time }: { time: string | undefined }) {
  const now = useNow()
  if (time === undefined) return <>revoked</>
  const words = new Date(time).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' })
  return Date.parse(time) > now ? (
    <time dateTime={time}>{words}</time>
  ) : (
    <>
      <span className="mark">expired</span> <time dateTime={time}>{words}</time>
    </>
  )
}

function NoKeys() {
  const { project } = useHere()
  return (
    <>
      There is no key of yours in {project} yet. You need one for a script or another system, which sends it
      in place of a token; this page needs none.
    </>
  )
}
