import type { Run } from '../../api/types.ts'
import { PhaseBadge } from '../../approvals/detail.tsx'
import { When } from '../../lists/when.tsx'
import type { Place } from '../../router.ts'
import { Link } from '../../shell/shell.tsx'
import { placeOfRun } from './places.ts'

/** The run whose conversation this one goes on with. */
export function Earlier({ run, place }: { run: Run; place: Place }) {
  if (run.continueFrom === undefined) return null
  return (
    <p className="chain">
      Goes on with <Link place={placeOfRun(place, run.continueFrom)}>{run.continueFrom}</Link>
    </p>
  )
}

/** The runs that go on with this one's. */
export function Later({ later, place }: { later: readonly Run[]; place: Place }) {
  if (later.length === 0) return null
  return (
    <div className="chain">
      {later.length === 1 ? 'Went on in' : `Went on in ${later.length} runs:`}{' '}
      <ul>
        {later.map(({ name, phase, createdAt }) => (
          <li key={name}>
            <Link place={placeOfRun(place, name)}>{name}</Link> <PhaseBadge phase={phase} />{' '}
            <span className="faint">
              <When time={createdAt} />
            </span>
          </li>
        ))}
      </ul>
    </div>
  )
}
