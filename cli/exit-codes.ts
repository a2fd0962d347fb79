/** What the plugins exit with; mirrored in docs/kubectl.md. Several names: the highest one. */
export const EXIT = {
  done: 0,
  /** The server refused or something failed, for a reason that has no number of its own. */
  failed: 1,
  /** Typed wrongly: nothing was sent. */
  usage: 2,
  notFound: 3,
  /** No right to do it, or credentials that the server does not accept. */
  forbidden: 4,
  /** Somebody else's verdict, or one's own other one, stands already. */
  settledOtherwise: 5,
  expired: 6,
  unreachable: 7,
} as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** The exit code of a command that did several things. */
export const worst = (codes: readonly ExitCode[]): ExitCode =>
  codes.reduce<ExitCode>((a, b) => (b > a ? b : a), EXIT.done)
