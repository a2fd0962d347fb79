import { visible } from '../../operator/policy/visible.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'

/** Why kubectl came back without what was asked of it, in words for the person. */
export interface Refusal {
  readonly kind:
    | 'NotFound'
    | 'Forbidden'
    | 'Denied'
    | 'Expired'
    | 'Unauthorized'
    | 'Unreachable'
    | 'NotInstalled'
    | 'Changed'
    | 'Failed'
  readonly code: ExitCode
  /** One or more sentences. */
  readonly message: string
}

interface Rule {
  readonly pattern: RegExp
  readonly kind: Refusal['kind']
  readonly code: ExitCode
  readonly say: (match: RegExpMatchArray) => string
}

const group = (match: RegExpMatchArray, name: string): string => visible(match.groups?.[name]?.trim() ?? '')
const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`)

// In this order: the first that matches speaks.
const RULES: readonly Rule[] = [
  {
    // The server's clock has the last word, not ours.
    pattern: /denied request: (?<said>this request (?:has )?expired.*)/s,
    kind: 'Expired',
    code: EXIT.expired,
    say: m => sentence(group(m, 'said')),
  },
  {
    // A policy of ours (or of the cluster's own): what stands after "denied request:" was written for people.
    pattern: /denied request: (?<said>.*)/s,
    kind: 'Denied',
    code: EXIT.forbidden,
    say: m => sentence(group(m, 'said').replace(/\\n/g, ' ')),
  },
  {
    pattern: /[Uu]ser "(?<user>[^"]*)" cannot impersonate/,
    kind: 'Forbidden',
    code: EXIT.forbidden,
    say: m => `${group(m, 'user')} may not act as somebody else: that takes the right to impersonate.`,
  },
  {
    pattern:
      /User "(?<user>[^"]*)" cannot (?<verb>\S+) resource "(?<what>[^"]*)" in API group "[^"]*"(?: in the namespace "(?<namespace>[^"]*)")?/,
    kind: 'Forbidden',
    code: EXIT.forbidden,
    say: m => {
      const where = m.groups?.namespace ? `in namespace ${group(m, 'namespace')}` : 'in all namespaces'
      return `${group(m, 'user')} has no right to ${group(m, 'verb')} ${group(m, 'what')} ${where}.`
    },
  },
  {
    pattern: /Error from server \(NotFound\): (?<said>.*)/,
    kind: 'NotFound',
    code: EXIT.notFound,
    say: m => sentence(group(m, 'said')),
  },
  {
    pattern: /doesn't have a resource type "approvalrequests"|no matches for kind "ApprovalRequest"/,
    kind: 'NotInstalled',
    code: EXIT.failed,
    say: () =>
      'This cluster does not know approval requests: Countersign is not installed in it. Is it the right context? kubectl config current-context',
  },
  {
    // A refused impersonation, where kubectl asks what the server knows before it asks for anything else.
    pattern: /Error from server \(Forbidden\): unknown/,
    kind: 'Forbidden',
    code: EXIT.forbidden,
    say: () =>
      'The API server lets you do nothing as this user. With --as, you need the right to impersonate.',
  },
  {
    pattern: /getting credentials: (?<said>.*)/,
    kind: 'Unauthorized',
    code: EXIT.forbidden,
    say: m => `The credential plugin of your kubeconfig failed: ${sentence(group(m, 'said'))}`,
  },
  {
    pattern: /\(Unauthorized\)|asked for the client to provide credentials|must be logged in/,
    kind: 'Unauthorized',
    code: EXIT.forbidden,
    say: () =>
      'The API server does not accept your credentials. Log in again; kubectl auth whoami shows who you are.',
  },
  {
    pattern:
      /test failed|testing path|testing value|the server rejected our request due to an error in our request/,
    kind: 'Changed',
    code: EXIT.failed,
    say: () => 'The request is no longer the one that was read. Nothing was decided; read it again.',
  },
  {
    pattern:
      /(?<said>(?:The connection to the server|Unable to connect to the server|error: (?:timed out|unable to connect)|Get "http|dial tcp|net\/http:|context deadline exceeded|Error from server \((?:Timeout|ServiceUnavailable|InternalError)\)).*)/,
    kind: 'Unreachable',
    code: EXIT.unreachable,
    say: m => `The API server did not answer: ${sentence(group(m, 'said'))}`,
  },
]

/** kubectl's own log lines, which repeat what its last sentence says. */
const LOG_LINE = /^[EWIF]\d{4} .*\n?/gm

/** Reads kubectl's standard error. `stderr` may hold several lines. */
export function refusalOf(stderr: string): Refusal {
  const said = stderr.replace(LOG_LINE, '').trim() || stderr.trim()
  for (const rule of RULES) {
    const match = said.match(rule.pattern)
    if (match) return { kind: rule.kind, code: rule.code, message: rule.say(match) }
  }
  const plain = visible(said.replace(/^error: /i, '').replace(/\s*\n\s*/g, ' '))
  return {
    kind: 'Failed',
    code: EXIT.failed,
    message: plain ? sentence(plain) : 'kubectl failed; what it said stands above.',
  }
}
