import { shellFor } from './shell.ts'
import { NAMESPACE, type Stack } from './stack.ts'

/** What to type next. */
export const welcome = (stack: Stack): string => `
Everything runs: operator and gateway, a model that plays a script, and an order desk of tools.
In another terminal, be bob (an Admin, who starts runs):

  . ${shellFor(stack, 'bob@acme.com')}
  kubectl apply -f examples/shop/run.yaml      # asks for a refund of 2,400 EUR
  kubectl get arun -w                          # ... and waits: AwaitingApproval

and in a third one carol (a Member, who decides):

  . ${shellFor(stack, 'carol@acme.com')}
  kubectl approvals                            # what waits
  kubectl approvals refund-order-1287-1-0      # one in full
  kubectl approve refund-order-1287-1-0        # or: kubectl reject NAME --reason '...'
  kubectl get audit                            # what the record says

REST as carol:

  curl -H "Authorization: Bearer ${stack.cluster.tokens['carol@acme.com'] ?? '<token>'}" \\
    ${stack.gateway}/api/v1/projects/${NAMESPACE}/approvals

Also: alice (Owner)   . ${shellFor(stack, 'alice@acme.com')}
      mallory (nobody) . ${shellFor(stack, 'mallory@acme.com')}
Logs: ${stack.log('operator')}, ${stack.log('gateway')}
Ctrl-C stops everything.
`
