import { useMemo } from 'react'
import type { Run } from '../../api/types.ts'
import { useNow } from '../../live/hooks.ts'
import { inWords } from '../timeline/took.tsx'
import { countsOf, timesOf } from './totals.ts'

/** What a run adds up to: answers, calls, tokens, and whose time it took. */
export function Totals({ run }: { run: Run }) {
  const counts = useMemo(() => countsOf(run.steps), [run.steps])
  const { turns, calls, callWords, inputTokens, outputTokens, uncounted } = counts
  return (
    <section className="totals" aria-label="Totals">
      {run.finishedAt === undefined ? <TickingTimes run={run} /> : <Times run={run} now={0} />}
      <dl>
        <div>
          <dt>Turns</dt>
          <dd>{turns}</dd>
        </div>
        <div>
          <dt>Tool calls</dt>
          <dd>
            {calls} {callWords !== '' && <span className="faint">{callWords}</span>}
          </dd>
        </div>
        <div>
          <dt>Tokens</dt>
          <dd>
            {inputTokens.toLocaleString('en')} in, {outputTokens.toLocaleString('en')} out
            {uncounted > 0 && <span className="faint"> without {uncounted} that were not counted</span>}
          </dd>
        </div>
      </dl>
    </section>
  )
}

const TickingTimes = ({ run }: { run: Run }) => <Times run={run} now={useNow()} />

function Times({ run, now }: { run: Run; now: number }) {
  const times = timesOf(run, now)
  if (times === undefined) return null
  const { whole, waited, worked } = times
  return (
    <div className="times">
      <p>
        <span>
          <i className="swatch" data-what="waited" aria-hidden="true" /> waited for people{' '}
          <strong>{waited === 0 ? '0 s' : inWords(waited)}</strong>
        </span>
        <span>
          <i className="swatch" data-what="worked" aria-hidden="true" /> worked{' '}
          <strong>{inWords(worked)}</strong>
        </span>
        <span className="faint">{inWords(whole)} in all</span>
      </p>
      <div className="bar" aria-hidden="true">
        <i data-what="waited" style={{ flexGrow: waited }} />
        <i data-what="worked" style={{ flexGrow: Math.max(1, worked) }} />
      </div>
    </div>
  )
}
