import { CALL_TRANSITIONS, RUN_TRANSITIONS } from '../../operator/controllers/agentrun/transitions.ts'
import { REQUEST_TRANSITIONS } from '../../operator/controllers/approvalrequest/transitions.ts'
import type { StateMachine } from '../../operator/controllers/transitions.ts'

/** The state machines of the API; the model checker holds the code to the same tables. */
export const stateMachines: readonly StateMachine[] = [REQUEST_TRANSITIONS, CALL_TRANSITIONS, RUN_TRANSITIONS]

/** The page docs/state-machines.md. */
export const stateMachinesPage = (): string =>
  [
    '<!-- Generated from operator/controllers/*/transitions.ts by `npm run gen`. Do not edit. -->',
    '# State machines',
    '',
    'What can become of a request, of a tool call and of a run: each row is a change that may happen, and there is no',
    'other. States that no row leaves are final. Whatever is written is written in the order given; what is lost on the',
    'way is found and done again by whoever looks next.',
    '',
    'The same tables are what `operator/model-check/` holds the code to. It runs the real controllers, one or two operators',
    'at a time, against a small model of the API server, through every order in which their requests, the reviewers, the',
    'clock, a cancellation and so many crashes, pauses, old caches and lost answers can come. In each state that can be',
    'reached: a call is made at most once, never without enough approvals or with a rejection, never before its records',
    'stand; a final state stays; everything is recorded once; the trace never says of a call that was made that it was',
    'not; and whatever has happened, operators that go on bring everything to its end. So they do where a run shares the',
    'one slot that there is with another run ([limits.md](limits.md)): nobody stays in line, and no slot is kept at the end.',
    ...stateMachines.flatMap(section),
    '',
  ].join('\n')

const section = ({ title, code, transitions }: StateMachine): string[] => [
  '',
  `## ${title}`,
  '',
  `Decided in \`${code}\`.`,
  '',
  '| from | event | if | to | written |',
  '|---|---|---|---|---|',
  ...transitions.map(
    ({ from, to, event, guard, written }) =>
      `| ${from === '' ? '(new)' : from} | ${event} | ${guard} | **${to}** | ${written} |`,
  ),
]
