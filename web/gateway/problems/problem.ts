import { catalogue, type ProblemCode, type ProblemValues } from './catalogue.ts'

/** One field of a request that does not fit its schema. `path` is dotted: `decisions.0.name`. */
export interface FieldError {
  readonly path: string
  readonly message: string
}

/** What a problem carries besides its catalogue entry. */
export interface ProblemExtras {
  /** Value of the Retry-After header, in whole seconds. */
  readonly retryAfterSeconds?: number
  /** Methods for the Allow header. */
  readonly allow?: string
  /** Further members of the problem document. */
  readonly members?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
}

/** An RFC 9457 problem document as it is sent. */
export interface ProblemDocument {
  /** A tag URI (RFC 4151): it identifies the problem and leads nowhere. */
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  /** Path of the request. */
  readonly instance?: string
  readonly code: ProblemCode
  readonly [member: string]: unknown
}

/** A refusal that becomes a problem document. Its message is for the caller, not for the log: it may quote them. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: ProblemCode
  readonly statusCode: number
  readonly extras: ProblemExtras

  constructor(code: ProblemCode, detail: string, extras: ProblemExtras) {
    super(detail, { cause: extras.cause })
    this.code = code
    this.statusCode = catalogue[code].status
    this.extras = extras
  }

  /** The document; `instance` is the path of the request that it answers. */
  document(instance?: string): ProblemDocument {
    return {
      type: problemType(this.code),
      title: catalogue[this.code].title,
      status: this.statusCode,
      detail: this.message,
      ...(instance === undefined ? {} : { instance }),
      code: this.code,
      ...this.extras.members,
    }
  }
}

/** The URI that stands for an entry of the catalogue. */
export const problemType = (code: ProblemCode): string => `tag:countersign.dev,2026:${code}`

/** The problem of this code, its template filled in. */
export function problem<C extends ProblemCode>(
  code: C,
  values: ProblemValues<C>,
  extras: ProblemExtras = {},
): Problem {
  const filling: Readonly<Record<string, string>> = values
  const detail = catalogue[code].detail.replace(/\{(\w+)\}/g, (_, name: string) => filling[name] ?? '')
  return new Problem(code, detail, extras)
}

/** A request that does not fit its schema. */
export function invalid(errors: readonly FieldError[]): Problem {
  const what = errors.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; ')
  return problem('Invalid', { what }, { members: { errors } })
}
