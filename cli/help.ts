/** What every help text says of the flags of kubectl. */
export const KUBECTL_FLAGS = `Flags of kubectl (-n, --context, --kubeconfig, --as, --request-timeout, ...) mean what they mean to kubectl and
stand after the command; see: kubectl options`

const EXIT_CODES = `Exit codes: 0 done, 1 refused or failed, 2 typed wrongly (nothing was sent), 3 no such request, 4 no right,
5 already settled otherwise, 6 expired, 7 API server unreachable. Of several, the highest.`

export const APPROVALS_HELP = `Show the tool calls of agents that wait for a person.

Usage:
  kubectl approvals [NAME...] [flags]

Examples:
  # What waits in the current namespace, nearest deadline first
  kubectl approvals

  # What waits anywhere, and what comes and goes, live
  kubectl approvals -A -w

  # One request in full: parameters, why it waits, who may decide, what happened
  kubectl approvals refund-1-1-0

  # Settled ones too, of one agent
  kubectl approvals --all --agent order-manager

  # For scripts
  kubectl approvals -o json
  kubectl approvals -o name

Flags:
  -A, --all-namespaces   In all namespaces
      --all              Settled requests too
      --agent NAME       Only of this agent
  -w, --watch            Stay, and show changes as they come
  -o, --output FORMAT    json, yaml, name or wide
  -h, --help             This text

${KUBECTL_FLAGS}

${EXIT_CODES}
`

const DECIDE_FLAGS = `      --digest DIGEST    Decide only if the call still has this digest (kubectl approvals NAME shows it)
      --wait             Wait up to 10 s for the outcome (default; --wait=false does not)
  -h, --help             This text`

export const APPROVE_HELP = `Approve tool calls of agents. They run at once when they have all the approvals that they need.

Usage:
  kubectl approve [NAME...] [flags]

Examples:
  # Choose among those that wait, see the parameters, then decide
  kubectl approve

  # Approve one, and say why
  kubectl approve refund-1-1-0 --reason 'checked with the customer'

  # Approve several; each is decided by itself
  kubectl approve refund-1-1-0 refund-2-1-0 -n shop

  # Approve exactly the call that was reviewed
  kubectl approve refund-1-1-0 --digest sha256:2f5c...

Flags:
      --reason TEXT      Why; everybody who may read the request can read it
${DECIDE_FLAGS}

${KUBECTL_FLAGS}

${EXIT_CODES}
`

export const REJECT_HELP = `Reject tool calls of agents. They do not run; the agent is told the reason, or its run fails with it.

Usage:
  kubectl reject NAME... --reason TEXT [flags]

Examples:
  # Reject one
  kubectl reject refund-1-1-0 --reason 'was refunded yesterday'

  # Choose among those that wait, see the parameters, then give the reason
  kubectl reject

Flags:
      --reason TEXT      Why; required. The agent reads it, and so can everybody who may read the request
${DECIDE_FLAGS}

${KUBECTL_FLAGS}

${EXIT_CODES}
`
