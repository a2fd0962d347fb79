import type { ApprovalRequest } from '../../../../crds/v1alpha1/approvalrequest.ts'
import type { JsonValue } from '../../../../crds/v1alpha1/common.ts'
import { progressOf } from '../../../policy/decisions.ts'
import { prettyParams, redactedDigest, withoutDigest } from '../../../policy/shown.ts'
import { gateLines } from '../../../policy/why.ts'
import type { Notice } from '../../types.ts'
import type { Block } from './blocks.ts'
import type { Content } from './composed.ts'
import { withinSize } from './composed.ts'
import { folded, type Limits } from './fold.ts'
import { htmlText } from './html.ts'
import { plainText } from './plain.ts'
import { moment, span } from './times.ts'
import { asks, footer, NO_DECIDING_HERE, titleOf, toolName, whose } from './words.ts'

/** A mail about one request. @param now milliseconds since the epoch */
export function singleMail(notice: Notice, now: number): Content {
  const { event, request } = notice
  // Nothing of it comes from parameters or from what somebody wrote.
  const subject = `${titleOf(event, request)}: ${toolName(request)} (${whose(request)})`
  const long = longOf(notice)
  return withinSize(share => {
    const blocks = asks(event) ? asking(notice, long, now, share) : ended(notice, long, share)
    return { subject, text: plainText(blocks), html: htmlText(subject, blocks) }
  })
}

/** What may be long, in lines and before any of it is cut; made once, as it may take a while. */
interface Long {
  readonly params: readonly string[]
  readonly gates: readonly string[]
  readonly message: readonly string[]
  readonly decisions: readonly string[]
}

/** More gates than this stop no call that anybody reads about here. */
const MOST_GATES = 20

function longOf({ request }: Notice): Long {
  const { spec, status } = request
  const gates = spec.gates.slice(0, MOST_GATES)
  const more = spec.gates.length - gates.length
  return {
    params: prettyParams(spec.params, '', withoutDigest).split('\n'),
    gates: [
      ...gates.flatMap(gate => gateLines(gate, spec.agentRef.name, withoutDigest).map(unindented)),
      ...(more === 0 ? [] : [`and ${more} more gates`]),
    ],
    message: spec.message ? spec.message.split(/\r?\n/) : [],
    decisions: status.decisions
      .toSorted((a, b) => (a.reviewer < b.reviewer ? -1 : 1))
      .map(({ reviewer, verdict, reason }) => {
        const done = verdict === 'Approve' ? 'approved' : 'rejected'
        return `${reviewer} ${done}${reason ? `: ${reason}` : ''}`
      }),
  }
}

const MOST: Readonly<Record<'params' | 'gates' | 'words', Limits>> = {
  params: { lineLength: 2000, lines: 200, characters: 12_000 },
  gates: { lineLength: 2500, lines: 80, characters: 8000 },
  words: { lineLength: 4096, lines: 60, characters: 6000 },
}

const limits = (what: keyof typeof MOST, share: number): Limits => ({
  lineLength: Math.ceil(MOST[what].lineLength * share),
  lines: Math.ceil(MOST[what].lines * share),
  characters: Math.ceil(MOST[what].characters * share),
})

function asking(notice: Notice, long: Long, now: number, share: number): Block[] {
  const { event, request, expiresAt, url } = notice
  const { spec, metadata } = request
  const until = `${moment(expiresAt)}, ${span(expiresAt - now)} after this was sent`
  const namespace = metadata.namespace ?? ''
  return [
    { kind: 'Title', text: `${titleOf(event, request)}: ${toolName(request)}` },
    { kind: 'Words', text: lead(notice, now) },
    ...(url === undefined
      ? []
      : [
          { kind: 'Link', label: 'Open the request', url } as const,
          { kind: 'Words', text: NO_DECIDING_HERE } as const,
        ]),
    {
      kind: 'Facts',
      rows: [
        ['Until', until],
        ['Approvals', approvals(request)],
        ...about(request),
        [
          'If rejected',
          spec.onRejection === 'Continue' ? 'the agent is told why and goes on' : 'the run fails',
        ],
      ],
    },
    ...parameters(notice, long.params, share),
    ...message(notice, long.message, share),
    { kind: 'Heading', text: 'Why it waits' },
    {
      kind: 'Code',
      lines: folded(long.gates, limits('gates', share), elsewhere(notice)),
    },
    { kind: 'Heading', text: 'From a terminal' },
    {
      kind: 'Code',
      lines: [
        `kubectl approve ${metadata.name} -n ${namespace}`,
        `kubectl reject ${metadata.name} -n ${namespace} --reason '...'`,
      ],
    },
    { kind: 'Small', text: `Digest of the call: ${spec.callDigest}` },
    { kind: 'Small', text: footer([namespace]) },
  ]
}

function lead({ event, request, expiresAt }: Notice, now: number): string {
  const { spec, metadata } = request
  const asked = expiresAt - spec.timeoutSeconds * 1000
  const ago = span(now - asked)
  const wants = `The agent ${spec.agentRef.name} of the project ${metadata.namespace} wants to call ${toolName(request)}.`
  const waits = 'It waits until somebody decides, and expires if nobody does.'
  switch (event) {
    case 'Reminded':
      return `${wants} It was asked for ${ago} ago and still waits. It expires if nobody decides.`
    case 'Escalated':
      return `${wants} It was asked for ${ago} ago and is not decided yet, so that you are asked now. It expires if it stays so.`
    default:
      return `${wants} ${waits}`
  }
}

function ended(notice: Notice, long: Long, share: number): Block[] {
  const { event, request, url } = notice
  return [
    { kind: 'Title', text: `${titleOf(event, request)}: ${toolName(request)}` },
    { kind: 'Words', text: ending(notice) },
    ...(url === undefined ? [] : [{ kind: 'Link', label: 'Open the request', url } as const]),
    { kind: 'Facts', rows: about(request) },
    ...(long.decisions.length === 0
      ? []
      : [
          { kind: 'Heading', text: 'Who decided' } as const,
          {
            kind: 'Quote',
            lines: folded(long.decisions, limits('words', share), elsewhere(notice)),
          } as const,
        ]),
    ...parameters(notice, long.params, share),
    { kind: 'Small', text: `Digest of the call: ${request.spec.callDigest}` },
    { kind: 'Small', text: footer([request.metadata.namespace ?? '']) },
  ]
}

function ending({ event, request }: Notice): string {
  const { spec, status } = request
  const call = `The call of ${toolName(request)} that your run ${spec.runRef.name} asked for`
  const after = spec.onRejection === 'Continue' ? 'The agent is told and goes on.' : 'The run fails.'
  switch (event) {
    case 'Expired':
      return `${call} was decided by nobody in time and is not made. ${after}`
    case 'Cancelled':
      return `${call} was cancelled before it was decided and is not made.`
    default:
      return status.phase === 'Rejected'
        ? `${call} was rejected and is not made. ${after}`
        : `${call} was approved. The agent goes on with it.`
  }
}

const about = ({ spec, metadata }: ApprovalRequest): (readonly [string, string])[] => [
  ['Tool', spec.tool],
  ['Agent', spec.agentRef.name],
  ['Project', metadata.namespace ?? ''],
  ['Run', `${spec.runRef.name}, started by ${spec.requestedBy ?? 'somebody unknown'}`],
  ['Request', metadata.name],
]

function approvals(request: ApprovalRequest): string {
  const progress = progressOf(request)
  const by = progress.by.length === 0 ? '' : ` (${progress.by.join(', ')})`
  return `${progress.given} of ${progress.required} given${by}; one rejection is enough to reject`
}

function parameters(notice: Notice, lines: readonly string[], share: number): Block[] {
  return [
    { kind: 'Heading', text: 'Parameters' },
    { kind: 'Code', lines: folded(lines, limits('params', share), elsewhere(notice)) },
    ...(holdsRedacted(notice.request.spec.params)
      ? [
          {
            kind: 'Words',
            text: 'What reads (redacted), without quotes, is hidden from everybody but the tool.',
          } as const,
        ]
      : []),
    ...(lines.some(line => /:\/\/|\bwww\./i.test(line))
      ? [
          {
            kind: 'Words',
            text: 'Addresses in the parameters come from the agent: open none from here.',
          } as const,
        ]
      : []),
  ]
}

function message(notice: Notice, written: readonly string[], share: number): Block[] {
  if (written.length === 0) return []
  const lines = folded(written, limits('words', share), elsewhere(notice))
  return [
    { kind: 'Heading', text: "What the agent's author says" },
    { kind: 'Quote', lines },
  ]
}

function holdsRedacted(value: JsonValue): boolean {
  if (typeof value !== 'object' || value === null) return false
  return redactedDigest(value) !== undefined || Object.values(value).some(holdsRedacted)
}

/** Who shows what is left out here. */
const elsewhere = ({ url, request }: Notice): string =>
  url === undefined ? `kubectl approvals ${request.metadata.name} shows all` : 'the page shows all'

const unindented = (line: string): string => line.replace(/^ {2}/, '')
