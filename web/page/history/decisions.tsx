import type { Approval } from '../api/types.ts'
import { Part } from '../audit/entry.tsx'
import { When } from '../lists/when.tsx'
import { Said } from '../text/text.tsx'

/** What each reviewer said, where several decided: the log holds their words together. */
export function SinglyDecided({ request }: { request: Approval | undefined }) {
  if (request === undefined || request.decisions.length < 2) return null
  return (
    <Part title="Each decision">
      <ul className="decisions">
        {request.decisions.map(({ reviewer, verdict, reason, via, decidedAt }) => (
          <li key={reviewer} data-verdict={verdict}>
            <strong>{verdict === 'Approve' ? 'Approved' : 'Rejected'}</strong> by <Said text={reviewer} />{' '}
            <span className="faint">
              ({via})
              {decidedAt !== undefined && (
                <>
                  {' '}
                  · <When time={decidedAt} />
                </>
              )}
            </span>
            {reason !== undefined && (
              <div className="reason">
                <Said text={reason} />
              </div>
            )}
          </li>
        ))}
      </ul>
    </Part>
  )
}
