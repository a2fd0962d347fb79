import { join } from 'node:path'
import { shellFor } from './shell.ts'
import { NAMESPACE, type Stack } from './stack.ts'

const mail = ({ smtp, mailbox }: Stack): string =>
  mailbox === undefined
    ? `Mail is sent to:     ${smtp.host}:${smtp.port}`
    : `Mails land in:       ${mailbox.folder} (a line here for each)`

/** What to type next. */
export const welcome = (stack: Stack): string => `
Everything runs: operator and gateway, a model that plays a script, and an order desk of tools.
In another terminal, in this folder, be bob (an Admin, who starts runs):

  . ${shellFor(stack, 'bob@acme.com')}
  kubectl get agents
  kubectl apply -f examples/shop/run.yaml      # asks for a refund of 2,400 EUR
  kubectl get arun -w                          # it waits: AwaitingApproval (Ctrl-C ends the watch)

and in a third one carol (a Member, who decides):

  . ${shellFor(stack, 'carol@acme.com')}
  kubectl approvals                            # what waits
  kubectl approvals refund-order-1287-1-0      # one in full
  kubectl approve refund-order-1287-1-0        # or: kubectl reject refund-order-1287-1-0 --reason '...'
  kubectl get arun refund-order-1287 -o yaml   # the trace
  kubectl get audit                            # what the record says
  kubectl countersign whoami                   # who you are here, and what you may do
  kubectl countersign keys create --name me    # an API key of yours

The same in a browser: open ${stack.gateway} and sign in with the token that carol's terminal has
(echo $TOKEN).

The same over REST, as carol, in her terminal:

  curl -H "Authorization: Bearer $TOKEN" $GATEWAY/api/v1/projects/${NAMESPACE}/approvals
  curl -H "Authorization: Bearer $TOKEN" $GATEWAY/api/v1/projects/${NAMESPACE}/runs/refund-order-1287

Further runs, as bob over REST (the scripted model knows ORD-1287, ORD-1301 to ORD-1306 and ORD-1309):

  curl -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\
    -d '{"agent":"order-manager","input":"Refund order ORD-1302.","context":{"is_admin":false}}' \\
    $GATEWAY/api/v1/projects/${NAMESPACE}/runs

alice is an Owner:   . ${shellFor(stack, 'alice@acme.com')}
mallory is nobody:   . ${shellFor(stack, 'mallory@acme.com')}
${mail(stack)}
Agents as applied:   ${join(stack.agents, '*.yaml')}
Logs:                ${stack.log('operator')}, ${stack.log('gateway')}
Ctrl-C stops everything.
`
