import type { Run } from '../../api/types.ts'
import { Said } from '../../text/text.tsx'

type Reason = NonNullable<Run['failure']>['reason']

/** What to do next, by why a run failed. */
const next: Readonly<Record<Reason, string>> = {
  ApprovalRejected:
    'This agent ends with a rejection. Go on with the conversation and say what to do instead, or start another run.',
  ApprovalExpired:
    'Nobody decided in time. Start it again when a reviewer is there; the agent’s approval.timeoutSeconds says how long it waits, its remindAfterSeconds whom to remind.',
  ApprovalCancelled:
    'The request was taken back before anybody decided. Start it again if it is still wanted.',
  CallChanged:
    'The tool, its schema or its parameters were no longer what was approved, so nothing was called. Start it again: people are then asked about the call as it is now.',
  OutcomeUnknown:
    'A call may or may not have run. Look into the records of the tool itself first; only then go on or start again.',
  ModelError:
    'The model could not be asked, or did not answer as it should. If that was passing, start it again; if not, look at spec.model of the agent and at its provider.',
  MaxTurns:
    'It needed more answers of the model than limits.maxTurns of the agent allows. Go on with the conversation, or raise the limit.',
  MaxRunSeconds:
    'It worked longer than limits.maxRunSeconds of the agent allows (waiting for people does not count). Go on with the conversation, or raise the limit.',
  TranscriptTooLarge:
    'More was said than can be kept. Start it again with a smaller task: going on would carry all of it along.',
  AgentDeleted: 'Its agent is gone. Apply the agent again before you start the run again.',
  AuditUnavailable:
    'What cannot be recorded is not done. Ask whoever runs Countersign to look at the audit log, then start it again.',
}

/** Why a run failed, in its own words, and what to do next. */
export function Failure({ failure }: { failure: NonNullable<Run['failure']> }) {
  return (
    <section className="failure" aria-label="Why it failed">
      <p>
        <strong>{failure.reason.replace(/(?<=[a-z])(?=[A-Z])/g, ' ')}</strong> <Said text={failure.message} />
      </p>
      <p className="failure-next">{next[failure.reason]}</p>
    </section>
  )
}
