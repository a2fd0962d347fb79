import { KUBECTL_FLAGS } from '../help.ts'

const FLAGS = `Flags:
  -o, --output json   For scripts
  -h, --help          This text

${KUBECTL_FLAGS}`

export const HELP = `Who you are to Countersign, who may decide, whether messages arrive, and your API keys.

Usage:
  kubectl countersign whoami [flags]
  kubectl countersign can-decide NAME [flags]
  kubectl countersign notify-test [WEBHOOK | --email MEMBER] [flags]
  kubectl countersign keys create|list|revoke [flags]

Commands:
  whoami            Your name, your role in the project, and what you may do there
  can-decide NAME   Whether you may decide this request, why not, and who may
  notify-test       Sends a test message to a webhook or a member
  keys              API keys, for scripts and other systems
  help [COMMAND]    This text, or that of notify-test or keys

Examples:
  # Who am I, and what may I do in the current namespace?
  kubectl countersign whoami

  # Why may I not approve this, and who may?
  kubectl countersign can-decide refund-1-1-0

  # Could carol? (For those who may impersonate.)
  kubectl countersign can-decide refund-1-1-0 --as carol@acme.com

${FLAGS}

Exit codes: 0 done (can-decide: you may), 1 failed, 2 typed wrongly (nothing was
sent), 3 no such request, key, webhook or member, 4 no right, 5 decided already,
6 expired, 7 API server, gateway or operator did not answer.
`

export const KEYS_HELP = `API keys: they act as you, in one project, for scripts and other systems.

Usage:
  kubectl countersign keys create --name NAME [flags]
  kubectl countersign keys list [flags]
  kubectl countersign keys revoke ID... [flags]

Examples:
  # A key for 90 days; it alone is on standard output, this once
  kubectl countersign keys create --name 'nightly report' --expires 90d

  # One that can only read, and knows of one agent only
  kubectl countersign keys create --name board --read-only --agents order-manager

  # Which there are, and end one; a key that leaked may be given whole
  kubectl countersign keys list
  kubectl countersign keys revoke k3u5hq2m7d4w9x1c

Flags:
      --name NAME         What the key is for, in words for people (create)
      --expires SPAN      When it ends: 12h, 90d, at most 1y (create; default: 90d)
      --read-only         It can read and nothing else (create)
      --agents A,B        It knows of these agents only (create)
      --gateway URL       Address of Countersign's gateway; or the environment
                          variable COUNTERSIGN_GATEWAY
      --gateway-ca FILE   Authority that signed the gateway's certificate (PEM);
                          or the environment variable COUNTERSIGN_GATEWAY_CA
      --insecure-http     Send your credential over http to another machine,
                          where everybody on the way can read it
  -o, --output json       For scripts
  -h, --help              This text

The gateway is shown the token that kubectl uses (of your kubeconfig or its
credential plugin), or that of the environment variable COUNTERSIGN_TOKEN, which
may be an API key as well. Certificates it does not take.

${KUBECTL_FLAGS}
`

export const NOTIFY_TEST_HELP = `Sends a test message, and says what became of it. For admins and owners.

Usage:
  kubectl countersign notify-test [WEBHOOK | --email MEMBER] [flags]

Without a name it lists what can be tried: the webhooks of the project, and its
members that have an address. The operator sends the message as it would tell of
a request, but about none; this waits for what it says.

Examples:
  # What can be tried?
  kubectl countersign notify-test

  # Does the webhook ops take it?
  kubectl countersign notify-test ops

  # Does e-mail reach carol?
  kubectl countersign notify-test --email carol@acme.com

Flags:
      --email MEMBER      A user or group that the Project names, with an address
      --timeout SPAN      How long to wait for the operator: 20s, 2m (default 20s)
  -o, --output json       For scripts
  -h, --help              This text

${KUBECTL_FLAGS}

Exit codes: 0 sent, 1 it could not be sent (the reason is said), 2 typed wrongly,
3 no such webhook or member, 4 no right, 7 API server or operator did not answer.
`
