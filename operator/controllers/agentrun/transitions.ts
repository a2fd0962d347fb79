import type { StateMachine } from '../transitions.ts'

const result = 'the result into the AgentTurn; the record ToolExecuted; the trace'
const refused = 'the text for the model into the AgentTurn; the trace'
const executing =
  'the trace with the resourceVersion that was read, and the record ToolExecuting; when both stand, the tool is called'

/** The life of one tool call: `status.steps[].state` of its run. */
export const CALL_TRANSITIONS: StateMachine = {
  name: 'call',
  title: 'A tool call: status.steps[].state of its AgentRun',
  code: 'operator/controllers/agentrun/calls.ts',
  transitions: [
    {
      from: '',
      to: 'AwaitingApproval',
      event: 'the model asks for it, and a gate stops it',
      guard: 'it fits the schema of the tool',
      written:
        'the AgentTurn; then the finalizer of the run; the request; the record ApprovalRequested; the trace',
    },
    {
      from: '',
      to: 'Pending',
      event: 'the model asks for it, no gate stops it, and it cannot be begun at once',
      guard:
        'it fits the schema of the tool; the policies are not seen to refuse, the operator is about to stop, or as many calls are under way as may be',
      written: 'the AgentTurn; then the trace',
    },
    {
      from: '',
      to: 'Executing',
      event: 'the model asks for it, and no gate stops it',
      guard:
        'it fits the schema of the tool; the policies were seen to refuse; the operator is not about to stop',
      written: `the AgentTurn; then ${executing}`,
    },
    {
      from: '',
      to: 'Failed',
      event: 'the model asks for what cannot be called',
      guard: 'no such tool, or parameters that do not fit',
      written: refused,
      unexplored: 'the model of the checker asks for nothing impossible',
    },
    {
      from: '',
      to: 'Rejected',
      event: 'the model asks again for what was rejected in this run',
      guard: 'the same tool and parameters',
      written: refused,
      unexplored: 'the model of the checker does not repeat itself',
    },
    {
      from: '',
      to: 'Expired',
      event: 'the model asks again for what expired in this run',
      guard: 'the same tool and parameters',
      written: refused,
      unexplored: 'the model of the checker does not repeat itself',
    },
    {
      from: 'Pending',
      to: 'AwaitingApproval',
      event: 'a gate stops it by now',
      guard: 'the run goes on',
      written: 'the finalizer of the run; the request; the record ApprovalRequested; the trace',
      unexplored: 'the gates of the checker do not change',
    },
    {
      from: 'Pending',
      to: 'Executing',
      event: 'a call that no gate stops could not be begun at once, and can be now',
      guard: 'the gates let it through as they are now',
      written: executing,
    },
    {
      from: 'Pending',
      to: 'NotExecuted',
      event: 'the run ends, is cancelled or deleted',
      guard: '',
      written: refused,
    },
    {
      from: 'AwaitingApproval',
      to: 'Executing',
      event: 'its request is Approved',
      guard:
        'the decisions say so too; the digest over toolset, schema and parameters is the one that was approved; the run goes on',
      written: executing,
    },
    {
      from: 'AwaitingApproval',
      to: 'Rejected',
      event: 'its request is Rejected',
      guard: '',
      written: refused,
    },
    {
      from: 'AwaitingApproval',
      to: 'Expired',
      event: 'its request is Expired',
      guard: '',
      written: refused,
    },
    {
      from: 'AwaitingApproval',
      to: 'Cancelled',
      event: 'its request is Cancelled, or gone with a run that is deleted',
      guard: '',
      written: refused,
    },
    {
      from: 'AwaitingApproval',
      to: 'NotExecuted',
      event: 'its request is Approved, and the run ends, or the call is no longer what was approved',
      guard: 'Executing was not written',
      written: refused,
    },
    {
      from: 'Executing',
      to: 'Succeeded',
      event: 'the tool answers',
      guard: 'the process that wrote Executing hears it',
      written: result,
    },
    {
      from: 'Executing',
      to: 'Failed',
      event: 'the tool answers with an error',
      guard: 'the process that wrote Executing hears it',
      written: result,
    },
    {
      from: 'Executing',
      to: 'Unknown',
      event: 'another process than the one that wrote Executing finds it',
      guard: 'a gate had stopped it, or its toolset does not say retryUnknown',
      written: result,
    },
    {
      from: 'Executing',
      to: 'NotExecuted',
      event: 'the run ends before the process that wrote Executing has called the tool',
      guard: 'that very process says so',
      written: result,
    },
  ],
}

const status = 'status with the resourceVersion that was read'
const end = 'the record RunEnded; then status with the resourceVersion that was read'

/** The life of an AgentRun: `status.phase`. */
export const RUN_TRANSITIONS: StateMachine = {
  name: 'run',
  title: 'AgentRun: status.phase',
  code: 'operator/controllers/agentrun/controller.ts',
  transitions: [
    {
      from: 'Pending',
      to: 'Running',
      event: 'its agent is ready',
      guard: 'it is not cancelled or deleted',
      written: `${status}; then the record RunStarted`,
    },
    {
      from: 'Pending',
      to: 'Cancelled',
      event: 'somebody cancels it before it starts',
      guard: '',
      written: end,
    },
    {
      from: 'Running',
      to: 'AwaitingApproval',
      event: 'the first request of a turn is open',
      guard: '',
      written: status,
    },
    {
      from: 'AwaitingApproval',
      to: 'Running',
      event: 'the last request of a turn is decided',
      guard: '',
      written: status,
    },
    {
      from: 'Running',
      to: 'Succeeded',
      event: 'the model answers without asking for a tool',
      guard: 'every call is over',
      written: end,
    },
    {
      from: 'Running',
      to: 'Failed',
      event: 'one of the failures of the catalogue',
      guard: 'every call is over',
      written: end,
    },
    {
      from: 'Running',
      to: 'Cancelled',
      event: 'somebody cancels or deletes it',
      guard: 'every call is over',
      written: end,
    },
  ],
}
